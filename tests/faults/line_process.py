"""`python -m tests.faults.line_process LIST.json`: runs of `tagline`, each in a fork of one process, with a fault each.

A fork spares each run the import of TensorFlow. LIST holds attempts: the `arguments` of `tagline`; where and how it is
stopped, `at` a component and `how` (a function below); and a command to run `before`. A line of JSON is printed for
each: its exit code, and what it wrote.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tfx.orchestration.portable import launcher

import pipeline.runners.local  # noqa: F401 (what every fork needs)
from pipeline.cli import app
from pipeline.runs.launching import Launcher


def _files(execution: Any) -> list[Path]:
    folders = [Path(one.uri) for artifacts in execution.output_dict.values() for one in artifacts]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def kill_inside(execution: Any, run: Callable[[], Any]) -> Any:
    """As if killed while the largest file was being written: the outputs are there, the largest cut in half."""
    run()
    if files := _files(execution):
        largest = max(files, key=lambda path: path.stat().st_size)
        os.truncate(largest, largest.stat().st_size // 2)
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before(execution: Any, run: Callable[[], Any]) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt_twice(execution: Any, run: Callable[[], Any]) -> Any:
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    os.kill(os.getpid(), signal.SIGINT)
    return run()


def lose_an_input(execution: Any, run: Callable[[], Any]) -> Any:
    """As if somebody cleaned up between two steps; what was lost is held against its digest by the next."""
    Path(execution.input_dict["predictions"][0].uri, "candidate.jsonl.gz").unlink()
    return run()


def turn_the_clock_back(execution: Any, run: Callable[[], Any]) -> Any:
    now = time.time
    time.time = lambda: now() - 86400
    return run()


def _install(at: str, how: str) -> None:
    fault = globals()[how]
    # A file is lost before the check of the inputs; the rest happens to the component itself.
    owner: Any = Launcher if how == "lose_an_input" else launcher.Launcher
    run_executor = owner._run_executor

    def with_fault(self: Any, execution: Any) -> Any:
        if self._pipeline_node.node_info.id != at:
            return run_executor(self, execution)
        return fault(execution, lambda: run_executor(self, execution))

    owner._run_executor = with_fault


def _attempt(arguments: list[str], at: str = "", how: str = "", before: Sequence[str] = ()) -> dict[str, Any]:
    if before:
        subprocess.run(before, check=True)
    with tempfile.TemporaryFile() as written:
        child = os.fork()
        if child == 0:
            os.dup2(written.fileno(), 1)
            os.dup2(written.fileno(), 2)
            if how:
                _install(at, how)
            sys.argv = ["tagline", *arguments]
            code: Any = 99
            try:
                app.main()
            except SystemExit as exit_:
                code = exit_.code
            finally:
                sys.stdout.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        written.seek(0)
        return {"code": os.waitstatus_to_exitcode(status), "text": written.read().decode()}


if __name__ == "__main__":
    for attempt in json.loads(Path(sys.argv[1]).read_bytes()):
        print(json.dumps(_attempt(**attempt)), flush=True)
