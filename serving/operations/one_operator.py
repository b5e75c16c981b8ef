"""One operator at a time on a model's labels: two at once would each undo the other's half-done steps."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from serving.operations.errors import ChangeFailed

# Not the lock of the pushes: a load may take minutes, and a push need not wait for it.
_LOCK = ".labels.lock"


@contextlib.contextmanager
def one_operator(folder: Path) -> Iterator[None]:
    """Hold the labels of the model in `folder`; a process that is killed lets go of them.

    Raises:
        ChangeFailed: another process holds them.
    """
    with (folder / _LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ChangeFailed(
                f"{folder}: process {file.read().strip() or 'unknown'} is changing this model's labels; "
                "wait for it, then look with `tagline models`"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
