"""One operator at a time on a model's labels: two at once would each undo the other's half-done steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from files.lock import Held, held
from serving.registry.errors import ChangeFailed

# Not the lock of the pushes: a load may take minutes, and a push need not wait for it.
_LOCK = ".labels.lock"


@contextlib.contextmanager
def one_operator(folder: Path) -> Iterator[None]:
    """Hold the labels of the model in `folder`; a process that is killed lets go of them.

    Raises:
        ChangeFailed: another process holds them.
    """
    try:
        with held(folder / _LOCK):
            yield
    except Held as error:
        raise ChangeFailed(
            f"{folder}: process {error.process} is changing this model's labels; wait for it, then look with "
            "`tagline models`"
        ) from error
