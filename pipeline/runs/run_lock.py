"""One run at a time in a pipeline's folder: two would share checkpoints and report each other's outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from files.lock import Held, held
from pipeline.settings import SettingsError

_LOCK = ".lock"


class AlreadyRunning(SettingsError):
    """A run of the same pipeline has not ended."""


@contextlib.contextmanager
def run_lock(run_dir: Path) -> Iterator[None]:
    """Hold `run_dir` for a run; the lock of a process that is killed is released.

    Raises:
        AlreadyRunning: another process holds it.
    """
    try:
        with held(run_dir / _LOCK):
            yield
    except Held as error:
        raise AlreadyRunning(
            f"{run_dir}: this pipeline is running in process {error.process}; wait for it, or give this run another "
            "--set name=NAME"
        ) from error


def require_not_running(run_dir: Path) -> None:
    """Refuse a second run before it does anything that takes long, or writes.

    Raises:
        AlreadyRunning: another process holds `run_dir`.
    """
    if (run_dir / _LOCK).exists():
        with run_lock(run_dir):
            pass
