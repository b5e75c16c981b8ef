"""A part of an engine is killed in the middle of a job: the job ends right, and nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from benchmarks.engines.cluster import Engine
from pipeline.settings import Settings
from tests.engines.beam.data_path import answers, made, prepared, records

# Prism is one process, and starts no worker again: docs/beam.md.
pytestmark = [
    pytest.mark.parametrize("engine", ["flink", "spark"], indirect=True),
    pytest.mark.timeout(3_000),
]


def a_python_worker(engine: Engine) -> int:
    """Kill the Python worker that has worked most."""
    worker = max(engine.python_workers(), key=lambda one: sum(one.cpu_times()[:2]))
    worker.send_signal(signal.SIGKILL)
    return worker.pid


def a_node(engine: Engine) -> int:
    """Kill a task manager, or a worker of Spark's with its executor: its whole group."""
    alive = [
        one for one in engine.nodes.values() if one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    ]
    os.killpg(alive[0].pid, signal.SIGKILL)
    return alive[0].pid


Victim = Callable[[Engine], int]


@contextmanager
def killed(engine: Engine, victim: Victim, when: Callable[[], bool]) -> Iterator[list[int]]:
    """Kill the victim once `when` is so, and give its process id."""
    found: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if when():
                found.append(victim(engine))
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


@pytest.mark.parametrize("victim", [a_python_worker, a_node])
def test_bulk_answers(
    engine: Engine,
    victim: Victim,
    version: Path,
    corpus: Path,
    direct_answers: dict[str, bytes],
    tmp_path: Path,
) -> None:
    out = tmp_path / "there"
    with killed(engine, victim, lambda: len(list(out.glob("*.jsonl"))) > 5) as dead:
        there = answers(version, corpus, out, engine.beam)
        assert dead, "the job ended before anything was killed"
    assert there == direct_answers
    assert sorted(path.name for path in out.glob("*.jsonl")) == sorted(direct_answers)


def test_examples(engine: Engine, corpus: Path, directly: Settings, tmp_path: Path) -> None:
    def writing() -> bool:
        # A shard is written under another name first.
        return any(tmp_path.rglob("beam-temp-*/*"))

    with killed(engine, a_python_worker, writing) as dead:
        there = prepared(corpus, tmp_path, engine.beam, until="CorpusGen")
        assert dead, "the job ended before anything was killed"
    assert records(made(there, "CorpusGen", "examples")) == records(made(directly, "CorpusGen", "examples"))
