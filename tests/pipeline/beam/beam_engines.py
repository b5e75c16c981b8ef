"""Engines that Beam's work is done on in tests: a job service and workers, each in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PATIENCE = 120.0
# The shell's input ends when we do, however that comes about, and the program's group with it: a pool that is ended
# by a signal leaves its workers behind. Where the program ends by itself, so does the shell.
_ENDS_WITH_US = '("$@"; kill -KILL 0) & cat; kill -KILL 0'

# The variables that name an engine which runs elsewhere, by the runner that it is for.
JOB_SERVICES = {"flink": "TAGLINE_BEAM_FLINK", "spark": "TAGLINE_BEAM_SPARK"}
POOL = "TAGLINE_BEAM_POOL"


@contextmanager
def engine(runner: str, scratch: Path) -> Iterator[str]:
    """The assignment that has Beam's work done there. Skips the test where no such engine is named."""
    if runner == "portable":
        with _pool(scratch) as pool, _job_service(scratch) as endpoint:
            yield _assignment(runner, endpoint, pool)
        return
    endpoint = os.environ.get(JOB_SERVICES[runner], "")
    if not endpoint:
        pytest.skip(f"not run: {JOB_SERVICES[runner]} names no Beam job service for {runner} (HOST:PORT)")
    with _pool(scratch) as pool:
        yield _assignment(runner, endpoint, pool)


def _assignment(runner: str, endpoint: str, pool: str) -> str:
    worker = f"{{environment: pool, pool: '{pool}'}}"
    return f"beam={{runner: {runner}, {runner}: {{endpoint: '{endpoint}'}}, shared_disk: true, worker: {worker}}}"


@contextmanager
def _job_service(scratch: Path) -> Iterator[str]:
    port_file = scratch / "port"
    module = "apache_beam.runners.portability.local_job_service_main"
    with process_of(
        module,
        "--port_file",
        str(port_file),
        "--staging_dir",
        str(scratch / "staged"),
        log=scratch / "jobs.log",
    ) as process:
        deadline = time.monotonic() + _PATIENCE
        while not port_file.exists():
            assert process.poll() is None, (scratch / "jobs.log").read_text()
            assert time.monotonic() < deadline, "the job service prints no port"
            time.sleep(0.1)
        yield f"localhost:{port_file.read_text()}"


@contextmanager
def _pool(scratch: Path) -> Iterator[str]:
    """Where the engine finds workers: as named, or a pool of this machine's."""
    if named := os.environ.get(POOL):
        yield named
        return
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    module = "apache_beam.runners.worker.worker_pool_main"
    with process_of(module, f"--service_port={port}", log=scratch / "pool.log") as process:
        deadline = time.monotonic() + _PATIENCE
        while socket.socket().connect_ex(("localhost", port)):
            assert process.poll() is None, (scratch / "pool.log").read_text()
            assert time.monotonic() < deadline, "the pool of workers does not answer"
            time.sleep(0.1)
        yield f"localhost:{port}"


@contextmanager
def process_of(module: str, *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A module's program, which does not outlive this process, with all that it starts."""
    # Workers are started by the name `python`, and import what is here.
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": found, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["sh", "-c", _ENDS_WITH_US, "sh", sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
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
