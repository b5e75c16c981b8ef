"""A lock file that one process holds at a time; a killed process releases it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Held(RuntimeError):
    """Another process holds the lock.

    Attributes:
        process: its id, or "unknown" if the file does not hold one.
    """

    def __init__(self, path: Path, process: str) -> None:
        super().__init__(f"{path}: held by process {process}")
        self.process = process


@contextlib.contextmanager
def held(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file `path`; it and its folder are created if they are missing.

    Args:
        path: a file of its own, opened for writing, as locks on network file systems require.
        wait: wait until the lock is free instead of raising.

    Raises:
        Held: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            process = file.read().strip()
            raise Held(path, process if process.isdecimal() else "unknown") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(path: Path) -> str | None:
    """Say which process holds a lock, without taking it; None if none does on this machine, by /proc/locks."""
    table = Path("/proc/locks")
    if not path.exists() or not table.exists():
        return None
    inode = str(path.stat().st_ino)
    for line in table.read_text(encoding="ascii").splitlines():
        # `1: FLOCK ADVISORY WRITE 4711 fd:01:131074 0 EOF`; one that waits has `->` after the number.
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == inode:
            return fields[4]
    return None
