"""Kills a process, by SIGKILL, at the n-th of its calls that change what is on the disk."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

_CALLS = (
    (os, "replace"),
    (os, "rename"),
    (os, "fsync"),
    (Path, "write_bytes"),
    (Path, "write_text"),
    (Path, "unlink"),
)


def killed_everywhere(work: Callable[[int], object], prepare: Callable[[int], object]) -> Iterator[int]:
    """Carry out `work` in a process that is killed at its first such call, at its second, and so on until it ends.

    A call that writes a file is killed when half of it is written, any other before it is carried out.

    Args:
        work: gets the number of the call.
        prepare: makes what `work` begins with, in this process, before each.

    Yields:
        The number of the call, after each kill.
    """
    for number in count(1):
        prepare(number)
        process = os.fork()
        if not process:
            _die_at(number)
            status = 1
            try:
                work(number)
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(process, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, "the work failed by itself"
            assert number > 1, "nothing was written"
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield number


def _die_at(number: int) -> None:
    """Patch the calls of this process, which ends soon: they are counted together."""
    calls = count(1)

    def dying(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(calls) == number:
                if name.startswith("write_"):
                    path, content = arguments[:2]
                    real(path, content[: len(content) // 2], **options)
                _die()
            return real(*arguments, **options)

        return call

    for owner, name in _CALLS:
        setattr(owner, name, dying(name, getattr(owner, name)))


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("alive")
