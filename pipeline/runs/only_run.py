"""One run at a time in a pipeline's folder: they would share checkpoints and tell each other's outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from files.lock import Held, held

_LOCK = ".lock"


class AnotherRun(RuntimeError):
    """A run of the same pipeline has not ended."""


@contextlib.contextmanager
def only_run(run_dir: Path) -> Iterator[None]:
    """Hold `run_dir` for a run; a process that is killed lets go of it.

    Raises:
        AnotherRun: another process holds it.
    """
    try:
        with held(run_dir / _LOCK):
            yield
    except Held as error:
        raise AnotherRun(
            f"{run_dir}: a run of this pipeline goes on in process {error.process}; wait for it, or give this one "
            "another --set name=NAME"
        ) from error
