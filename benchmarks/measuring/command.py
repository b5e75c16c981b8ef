"""Measure a command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from benchmarks.measuring.results import ROOT


class Cost(NamedTuple):
    """The cost of a process and its children.

    Attributes:
        wall: seconds of wall time.
        cpu: seconds of CPU time.
        memory: MB of the largest process at its peak.
    """

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], *, statuses: Collection[int] = (0,)) -> tuple[Cost, str]:
    """Run a command in the repository; return its cost and its standard output.

    Raises:
        SystemExit: it ended with a status that is none of `statuses`; with the end of its log.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=log)
        _, waited, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        status = process.returncode = os.waitstatus_to_exitcode(waited)
        if status not in statuses:
            log.seek(0)
            raise SystemExit(f"{' '.join(command)} failed with status {status}:\n{log.read()[-2000:]}")
        output.seek(0)
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), output.read()
