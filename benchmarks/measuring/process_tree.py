"""Measure wall time, CPU time and memory of a command with its child processes.

On a machine busy with other work wall time means little. The kernel (Linux only) counts for every thread how
long it was ready and had no core: wall time without the longest of these waits is about what it would be on
an idle machine.
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

_SECONDS_PER_SAMPLE = 0.25
# The kernel counts a wait when it is over, so waits are read only with every fourth sample.
_SAMPLES_PER_WAIT = 4


class Sample(NamedTuple):
    """All processes at one time.

    Attributes:
        at: seconds since the epoch.
        cpu: seconds of CPU time so far.
        unhindered: seconds of wall time without waits for a core so far.
        memory: MB.
    """

    at: float
    cpu: float
    unhindered: float
    memory: float


class Usage(NamedTuple):
    """Usage in a span of time.

    Attributes:
        wall: seconds of wall time.
        unhindered: seconds of wall time without waits for a core.
        cpu: seconds of CPU time.
        memory: MB at the peak.
    """

    wall: float
    unhindered: float
    cpu: float
    memory: float


class Thread(NamedTuple):
    """Seconds that a thread has run, and has waited for a core, so far."""

    ran: float
    waited: float


class Watched(NamedTuple):
    """A command that has ended: its status, its output, and samples taken while it ran."""

    status: int
    output: str
    samples: list[Sample]

    def usage(self, begin: float = 0.0, end: float = float("inf")) -> Usage:
        """Compute the usage between two times since the epoch (default: all of the command)."""
        times = [sample.at for sample in self.samples]
        # One sample before and one after, so that a short span has two.
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
    """Run `command` to its end and sample it and its child processes four times a second."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    samples = [Sample(time.time(), 0.0, 0.0, 0.0)]
    root = psutil.Process(process.pid)
    ended = threading.Event()

    def sample() -> None:
        since, before = samples[0], dict[Path, Thread]()
        while not ended.wait(_SECONDS_PER_SAMPLE):
            try:
                cpu, memory, threads = _usage_now(root)
            except psutil.Error:
                # It has just ended.
                continue
            at, last = time.time(), samples[-1]
            if len(samples) % _SAMPLES_PER_WAIT:
                samples.append(Sample(at, cpu, last.unhindered + at - last.at, memory))
            else:
                free = unhindered(at - since.at, before, threads)
                samples.append(Sample(at, cpu, since.unhindered + free, memory))
                since, before = samples[-1], threads

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    output, _ = process.communicate()
    ended.set()
    sampler.join()
    at, last = time.time(), samples[-1]
    samples.append(Sample(at, last.cpu, last.unhindered + at - last.at, last.memory))
    return Watched(process.returncode, output, samples)


def unhindered(span: float, before: Mapping[Path, Thread], after: Mapping[Path, Thread]) -> float:
    """Compute the seconds of wall time that `span` would have taken without waits for a core.

    Threads that waited at the same time would have run at the same time, so only the longest wait counts; the
    result is at least the longest time that a thread ran.
    """
    new = Thread(0.0, 0.0)
    ran = max((then.ran - before.get(path, new).ran for path, then in after.items()), default=0.0)
    waited = max((then.waited - before.get(path, new).waited for path, then in after.items()), default=0.0)
    return min(span, max(span - waited, ran))


def _usage_now(root: psutil.Process) -> tuple[float, float, dict[Path, Thread]]:
    """Read CPU seconds so far, MB, and the threads of a process and all below it.

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
        # Child processes that have ended count too.
        cpu += times.user + times.system + times.children_user + times.children_system
        threads.update(_threads(process.pid))
    return cpu, memory, threads


def _threads(pid: int) -> dict[Path, Thread]:
    """Read the times of a process's threads by their files; empty if the kernel does not count them."""
    threads = {}
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            ran, waited, _ = path.read_text().split()
        except (OSError, ValueError):
            continue
        threads[path] = Thread(int(ran) / 1e9, int(waited) / 1e9)
    return threads
