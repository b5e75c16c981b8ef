"""One run at a time in a pipeline's folder: they would share checkpoints and tell each other's outcome."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_LOCK = ".lock"


class AnotherRun(RuntimeError):
    """A run of the same pipeline has not ended."""


@contextlib.contextmanager
def only_run(run_dir: Path) -> Iterator[None]:
    """Hold `run_dir` for a run; a process that is killed lets go of it.

    Raises:
        AnotherRun: another process holds it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / _LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AnotherRun(
                f"{run_dir}: a run of this pipeline goes on in process {file.read().strip() or 'unknown'}; "
                "wait for it, or give this one another --set name=NAME"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
