"""A server in a process of its own, for a gate, the command line or a test. Imports no TensorFlow."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_READY = re.compile(r"^Running gRPC ModelServer at (\S+:\d+) \.\.\.$", re.MULTILINE)
_REST_READY = re.compile(r"^Exporting HTTP/REST API at:(\S+:\d+) \.\.\.$", re.MULTILINE)
# What the server last said that it does.
_DOING = re.compile(r"^\S+ \S+ [IWE] serving\.\S+: (.+)$", re.MULTILINE)
_POLL_EVERY = 0.05
_TAIL_LINES = 20
_ROOT = Path(__file__).resolve().parents[2]


class ServerProcessError(RuntimeError):
    """The server process did not become ready; the message holds the end of its log."""


class ServerProcess:
    """A running server process. As a context manager it is stopped at the end.

    Attributes:
      target: `host:port` of its gRPC port.
      rest_target: `host:port` of its REST port; None when REST is off.
      log_path: the file that holds everything it printed.
      pid: its process id.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], target: str, rest_target: str | None, log_path: Path
    ) -> None:
        self._process = process
        self.target = target
        self.rest_target = rest_target
        self.log_path = log_path
        self.pid = process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self, timeout: float = 20.0) -> int:
        """Let it finish its requests and end, kill it after `timeout` seconds; return its exit status."""
        return _end(self._process, timeout)

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit status."""
        return self._process.wait()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_server_process(
    base_path: str | Path,
    name: str,
    log_path: str | Path,
    timeout: float | None = 60.0,
    *,
    port: int = 0,
    rest_api_port: int = 0,
    extra_flags: Sequence[str] = (),
    use_gpu: bool = False,
    on_wait: Callable[[str], None] = lambda _: None,
) -> ServerProcess:
    """Start `python -m serving.server` and wait until it answers.

    Args:
      base_path: the folder that holds the numbered versions.
      name: the model's name.
      log_path: file for the server's output; its folder is created, an older file replaced.
      timeout: seconds that loading TensorFlow and the model may take; None: as many as the process runs.
      port: gRPC port; 0 takes a free one.
      rest_api_port: REST port; 0 is off, -1 takes a free one.
      extra_flags: more flags of `serving.server`.
      use_gpu: let the server see the GPUs; off, so that it takes no memory from a training process.
      on_wait: called many times a second until it answers, with what the server does.

    Raises:
      ServerProcessError: it ended or was not ready in time; it no longer runs.
    """
    flags = [
        f"--port={port}",
        f"--rest_api_port={rest_api_port}",
        f"--model_name={name}",
        f"--model_base_path={Path(base_path).absolute()}",
        # A parent that is killed cannot stop its server: the server checks for it.
        f"--parent_pid={os.getpid()}",
        # The caller waits: report at once that a model cannot be loaded.
        "--max_num_load_retries=0",
        *extra_flags,
    ]
    log_path = Path(log_path)
    process = _spawn(flags, log_path, use_gpu=use_gpu)
    try:
        target, rest_target = _wait_until_ready(
            process, log_path, timeout, rest=bool(rest_api_port), on_wait=on_wait
        )
        return ServerProcess(process, target, rest_target, log_path)
    except BaseException:
        _end(process, timeout=0)
        raise


def _spawn(flags: Sequence[str], log_path: Path, *, use_gpu: bool) -> subprocess.Popen[bytes]:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
    if not use_gpu:
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    with log_path.open("wb") as log:
        # In a session of its own: Ctrl-C is for the program that started it, which then stops it.
        return subprocess.Popen(
            [sys.executable, "-m", "serving.server", *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def _wait_until_ready(
    process: subprocess.Popen[bytes],
    log_path: Path,
    timeout: float | None,
    *,
    rest: bool,
    on_wait: Callable[[str], None] = lambda _: None,
) -> tuple[str, str | None]:
    """Wait for the targets of gRPC and, where it is on, of REST; the server prints their lines one after the other."""
    began = time.monotonic()
    while True:
        ended = process.poll()
        log = log_path.read_text(errors="replace")
        ready, rest_ready = _READY.search(log), _REST_READY.search(log)
        if ready and (rest_ready or not rest):
            return ready[1], rest_ready[1] if rest_ready else None
        if ended is not None:
            raise ServerProcessError(
                f"the server process ended with status {ended} before it was ready; {_tail(log_path)}"
            )
        if timeout is not None and time.monotonic() > began + timeout:
            raise ServerProcessError(
                f"the server process was not ready after {timeout:g} s; give it more time if the log below "
                f"shows a model being loaded; {_tail(log_path)}"
            )
        if doing := _DOING.findall(log):
            on_wait(doing[-1])
        time.sleep(_POLL_EVERY)


def _end(process: subprocess.Popen[bytes], timeout: float) -> int:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout)
        process.kill()
    return process.wait()


def _tail(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return f"the end of its log ({log_path}):\n" + "\n".join(lines)
