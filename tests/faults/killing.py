"""Stops a process at the n-th of its calls that change what is on the disk: by SIGKILL, or by an error of the disk."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

_CALLS = (
    (os, "replace"),
    (os, "rename"),
    (os, "fsync"),
    (os, "mkdir"),
    (shutil, "copyfile"),
    (Path, "write_bytes"),
    (Path, "write_text"),
    (Path, "unlink"),
)
_ENDED, _FAILED, _NOT_STOPPED = 0, 1, 2

KILLED = 0
# How a call may fail; `KILLED` is no error number.
FAILURES = {"killed": KILLED, "full disk": errno.ENOSPC, "read-only": errno.EROFS}


def stopped_everywhere(
    work: Callable[[int], object], prepare: Callable[[int], object], failure: int = KILLED
) -> Iterator[int]:
    """Carry out `work` in a process that is stopped at its first such call, at its second, and so on until it ends.

    A call that writes a file is stopped when half of it is written, any other before it is carried out.

    Args:
        work: gets the number of the call. It may raise the error, or end as if there were none.
        prepare: makes what `work` begins with, in this process, before each.
        failure: the number of the error that the call raises; `KILLED` ends the process.

    Yields:
        The number of the call, after each stop.
    """
    for number in count(1):
        prepare(number)
        process = os.fork()
        if not process:
            _work(work, number, failure)
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if ended == _NOT_STOPPED:
            assert number > 1, "nothing was written"
            return
        assert ended in ((_ENDED, _FAILED) if failure else (-signal.SIGKILL,)), "the work failed by itself"
        yield number


def _work(work: Callable[[int], object], number: int, failure: int) -> NoReturn:
    status = 99
    try:
        came_to_it = _stop_at(number, failure)
        work(number)
        status = _ENDED if came_to_it() else _NOT_STOPPED
    except OSError as error:
        # Not by its number: shutil collects errors in one of its own.
        status = _FAILED if os.strerror(failure) in str(error) else 99
    finally:
        os._exit(status)


def _stop_at(number: int, failure: int) -> Callable[[], bool]:
    """Patch the calls of this process, which ends soon: they are counted together. Returns whether it came to it."""
    done = 0

    def stopping(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done != number:
                return real(*arguments, **options)
            if name.startswith("write_"):
                path, content = arguments[:2]
                real(path, content[: len(content) // 2], **options)
            if not failure:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(failure, os.strerror(failure), str(arguments[0]))

        return call

    for owner, name in _CALLS:
        setattr(owner, name, stopping(name, getattr(owner, name)))
    return lambda: done >= number
