"""Programs of engines: they write to a log, answer at a port, and end with us, with all that they have started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 240.0
# The shell's input ends when we do, however that comes about, and the program's group with it: a pool that is ended
# by a signal leaves its workers behind. Where the program ends by itself, so does the shell.
_ENDS_WITH_US = '("$@"; kill -KILL 0) & cat; kill -KILL 0'


@contextmanager
def program(
    *command: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, which does not outlive this process, with all that it starts."""
    # Workers are started by the name `python`, and import what is here.
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    fixed = {"PATH": found, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["sh", "-c", _ENDS_WITH_US, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **fixed, **(environment or {})},
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        assert process.stdin
        process.stdin.close()
        process.wait()


def free_port() -> int:
    """Return a port that nothing listens to."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


def wait_for_answer(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program listens.

    Raises:
        RuntimeError: it has ended, or takes too long.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        with socket.socket() as caller:
            if caller.connect_ex(("localhost", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            state = "ended" if process.poll() is not None else f"does not answer at port {port}"
            raise RuntimeError(f"{log.stem} {state}: {log.read_text()[-3000:]}")
        time.sleep(0.1)
