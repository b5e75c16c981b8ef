"""Prism: Beam's own engine, one program in Go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.engines import parts
from benchmarks.engines.cluster import Engine, assignment, worker_program
from benchmarks.engines.processes import free_port, program, wait_for_answer


@contextmanager
def prism(scratch: Path) -> Iterator[Engine]:
    """Prism with a pool of workers.

    Raises:
        parts.Missing: it cannot be had.
    """
    port, pool_port = free_port(), free_port()
    log, pool_log = scratch / "prism.log", scratch / "pool.log"
    pool = ("-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={pool_port}")
    executable = f"--container_executable={worker_program(scratch)}"
    with (
        program(str(parts.prism()), "-job_port", str(port), "-serve_http=false", log=log) as process,
        program(sys.executable, *pool, executable, log=pool_log) as starter,
    ):
        wait_for_answer(port, process, log)
        wait_for_answer(pool_port, starter, pool_log)
        workers = f"{{environment: pool, pool: 'localhost:{pool_port}'}}"
        nodes = {"pool": psutil.Process(starter.pid)}
        yield Engine(
            "Prism", parts.PRISM, assignment("portable", f"localhost:{port}", workers), workers, nodes
        )
