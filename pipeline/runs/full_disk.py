"""What an error of a run says if a disk is full: what could not be written, where there is no space, what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

_CODES = (errno.ENOSPC, errno.EDQUOT)
# Libraries raise errors of their own: TensorFlow, Beam and `shutil.copytree` with the system's words, SQLite with its.
_WORDS = (*map(os.strerror, _CODES), "database or disk is full")
# A disk with less is taken for the full one; what was being written has been removed meanwhile.
_LITTLE = 16 << 20


def what_is_full(error: BaseException, folders: Sequence[Path]) -> str:
    """Tell a full disk in one line; empty if the error has another reason.

    Args:
        error: also one that another error led to.
        folders: all that a run writes to, each of which may be missing.
    """
    of_disk = [one for one in _chain(error) if _is_full(one)]
    if not of_disk:
        return ""
    files = [str(one.filename2 or one.filename or "") for one in of_disk if isinstance(one, OSError)]
    full = [f"{folder} ({_free(folder) >> 20} MiB free)" for folder in folders if _free(folder) < _LITTLE]
    what = " and ".join(dict.fromkeys(filter(None, [*files[:1], *full]))) or "one of the folders it writes to"
    return f"no space left on the disk of {what}; free some, or choose another disk, and run again"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _CODES or any(words in str(error) for words in _WORDS)


def _free(folder: Path) -> int:
    """Bytes free on the disk of a folder, or of the one that it would be created in."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free
