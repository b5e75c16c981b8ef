"""Writes files whole or not at all: a draft beside the file, synced to the disk, takes its name by one rename.

A process killed at any moment leaves the old file or the new one, and at most a draft, which the next writer of the
same file replaces.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a draft's path to write to; at the end what is there becomes `path`, on an error nothing does.

    The file keeps the mode of the one that it replaces. Its folder must be there.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    draft = draft_of(path)
    try:
        yield draft
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        sync(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    # The rename itself is on the disk once the folder is.
    sync(path.parent)


def write(path: Path, content: str | bytes) -> None:
    """Write a small file; text as UTF-8.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    with replacing(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def draft_of(path: Path) -> Path:
    """Where `path` is written until it is whole: hidden, so that no pattern of visible files matches it."""
    return path.with_name(f".{path.name}.draft")


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until a folder is on the disk with everything in it."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)
