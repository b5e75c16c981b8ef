"""What a command and the processes it starts take: wall time, CPU time, and memory while it runs."""

from __future__ import annotations

import bisect
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

_EVERY = 0.25


class Sample(NamedTuple):
    """A look at all processes at once: time since the epoch, CPU seconds so far, MB of memory."""

    at: float
    cpu: float
    memory: float


class Usage(NamedTuple):
    """What was taken in a span of time: seconds of wall and of CPU, MB at the peak."""

    wall: float
    cpu: float
    memory: float


class Watched(NamedTuple):
    """A command that has ended: what it said, its status, and what was seen of it."""

    status: int
    said: str
    samples: list[Sample]

    def usage(self, begin: float = 0.0, end: float = float("inf")) -> Usage:
        """Of the span between two times since the epoch; of all of it without them."""
        times = [sample.at for sample in self.samples]
        # One look before and one after, so that a short span has two.
        first = max(bisect.bisect_right(times, begin) - 1, 0)
        last = min(bisect.bisect_left(times, end), len(times) - 1)
        within = self.samples[first : last + 1]
        wall = min(end, times[-1]) - max(begin, times[0])
        return Usage(wall, within[-1].cpu - within[0].cpu, max(sample.memory for sample in within))


def watch(command: Sequence[str], *, cwd: Path) -> Watched:
    """Run `command` to its end, looking at its process and all below it four times a second."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    samples = [Sample(time.time(), 0.0, 0.0)]
    root = psutil.Process(process.pid)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_EVERY):
            if sample := _sample(root):
                samples.append(sample)

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    said, _ = process.communicate()
    ended.set()
    looker.join()
    samples.append(Sample(time.time(), samples[-1].cpu, samples[-1].memory))
    return Watched(process.returncode, said, samples)


def _sample(root: psutil.Process) -> Sample | None:
    """None where the process has just ended."""
    try:
        times = root.cpu_times()
        cpu = times.user + times.system + times.children_user + times.children_system
        memory = root.memory_info().rss
        below = root.children(recursive=True)
    except psutil.Error:
        return None
    for child in below:
        try:
            times = child.cpu_times()
            # Of what a child started and has waited for, too.
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += child.memory_info().rss
        except psutil.Error:
            continue
    return Sample(time.time(), cpu, memory / 1e6)
