"""Wall time without waits for a core, and the usage of a real process with a child."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.measuring.process_tree import Sample, Thread, Usage, Watched, unhindered, watch

A, B = Path("a"), Path("b")


@pytest.mark.parametrize(
    ("span", "before", "after", "expected"),
    [
        # No threads known: wall time.
        (2.0, {}, {}, 2.0),
        # Asleep, or running all the time.
        (2.0, {A: Thread(5.0, 1.0)}, {A: Thread(5.0, 1.0)}, 2.0),
        (2.0, {A: Thread(5.0, 1.0)}, {A: Thread(7.0, 1.0)}, 2.0),
        # Waited for a core half of the time.
        (2.0, {A: Thread(5.0, 1.0)}, {A: Thread(6.0, 2.0)}, 1.0),
        # Two threads that waited as long: they would have run side by side.
        (2.0, {}, {A: Thread(1.0, 1.0), B: Thread(1.0, 1.0)}, 1.0),
        # One had a core, the other none: both would have run all the time.
        (2.0, {}, {A: Thread(2.0, 0.0), B: Thread(0.0, 2.0)}, 2.0),
        # A wait that began before is counted when it ends.
        (2.0, {}, {A: Thread(0.5, 3.0)}, 0.5),
    ],
)
def test_time_without_waits(
    span: float, before: dict[Path, Thread], after: dict[Path, Thread], expected: float
) -> None:
    assert unhindered(span, before, after) == expected


def test_a_span_is_between_the_samples_around_it() -> None:
    samples = [
        Sample(10.0 + i, cpu=2.0 * i, unhindered=0.5 * i, memory=memory)
        for i, memory in enumerate([1, 7, 3, 9])
    ]
    watched = Watched(0, "", samples)
    assert watched.usage() == Usage(wall=3.0, unhindered=1.5, cpu=6.0, memory=9)
    assert watched.usage(11.2, 11.9) == Usage(wall=pytest.approx(0.7), unhindered=0.5, cpu=2.0, memory=7)


def test_a_process_and_its_child() -> None:
    child = "held = bytearray(150_000_000); import time; time.sleep(1.5)"
    text = f"import subprocess, sys; held = bytearray(150_000_000); subprocess.run([sys.executable, '-c', {child!r}])"
    watched = watch([sys.executable, "-c", text + "; print('said'); sys.exit(3)"], cwd=Path.cwd())
    assert (watched.status, watched.output) == (3, "said\n")
    used = watched.usage()
    assert used.memory > 300
    assert used.cpu > 0
    assert 0 < used.unhindered <= used.wall
