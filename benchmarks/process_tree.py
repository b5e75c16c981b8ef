"""What a command and the processes it starts take: wall time, CPU time, and memory while it runs.

On a machine busy with other work wall time says little. The kernel tells of every thread how long it was ready and had
no core (Linux alone): less the longest of these waits, the wall time is about what it would be on a machine of one's
own.
"""

from __future__ import annotations

import bisect
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

_EVERY = 0.25
# Looks from one reckoning of waits to the next: the kernel tells of a wait when it is over.
_LOOKS = 4


class Sample(NamedTuple):
    """A look at all processes at once: time since the epoch; seconds of CPU and, without waits for a core, of wall so
    far; MB of memory.
    """

    at: float
    cpu: float
    unhindered: float
    memory: float


class Usage(NamedTuple):
    """What was taken in a span of time: seconds of wall, of wall without waits for a core, of CPU; MB at the peak."""

    wall: float
    unhindered: float
    cpu: float
    memory: float


class Thread(NamedTuple):
    """Seconds that a thread has run, and that it has waited for a core, so far."""

    ran: float
    waited: float


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
        return Usage(
            wall,
            min(max(within[-1].unhindered - within[0].unhindered, 0.0), wall),
            within[-1].cpu - within[0].cpu,
            max(sample.memory for sample in within),
        )


def watch(command: Sequence[str], *, cwd: Path) -> Watched:
    """Run `command` to its end, looking at its process and all below it four times a second, at waits once."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    samples = [Sample(time.time(), 0.0, 0.0, 0.0)]
    root = psutil.Process(process.pid)
    ended = threading.Event()

    def look() -> None:
        since, before = samples[0], dict[Path, Thread]()
        while not ended.wait(_EVERY):
            try:
                cpu, memory, threads = _look(root)
            except psutil.Error:
                # It has just ended.
                continue
            at, last = time.time(), samples[-1]
            if len(samples) % _LOOKS:
                samples.append(Sample(at, cpu, last.unhindered + at - last.at, memory))
            else:
                free = unhindered(at - since.at, before, threads)
                samples.append(Sample(at, cpu, since.unhindered + free, memory))
                since, before = samples[-1], threads

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    said, _ = process.communicate()
    ended.set()
    looker.join()
    at, last = time.time(), samples[-1]
    samples.append(Sample(at, last.cpu, last.unhindered + at - last.at, last.memory))
    return Watched(process.returncode, said, samples)


def unhindered(span: float, before: Mapping[Path, Thread], after: Mapping[Path, Thread]) -> float:
    """Of so many seconds of wall, how many there would have been without waits for a core.

    All that waits at the same time would have gone on at the same time: the longest wait counts, and a thread that ran
    meanwhile would have run all the same.
    """
    none = Thread(0.0, 0.0)
    ran = max((then.ran - before.get(path, none).ran for path, then in after.items()), default=0.0)
    waited = max((then.waited - before.get(path, none).waited for path, then in after.items()), default=0.0)
    return min(span, max(span - waited, ran))


def _look(root: psutil.Process) -> tuple[float, float, dict[Path, Thread]]:
    """CPU seconds so far, MB, and the threads of a process and all below it.

    Raises:
        psutil.Error: the process has ended.
    """
    cpu = memory = 0.0
    threads: dict[Path, Thread] = {}
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
            memory += process.memory_info().rss / 1e6
        except psutil.Error:
            if process is root:
                raise
            continue
        # Of what a process started and has waited for, too.
        cpu += times.user + times.system + times.children_user + times.children_system
        threads.update(_threads(process.pid))
    return cpu, memory, threads


def _threads(pid: int) -> dict[Path, Thread]:
    """None where the kernel tells nothing of the kind."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            ran, waited, _ = path.read_text().split()
        except (OSError, ValueError):
            continue
        found[path] = Thread(int(ran) / 1e9, int(waited) / 1e9)
    return found
