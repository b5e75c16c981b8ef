"""Writes a file completely or not at all: a draft beside it is synced to the disk and renamed.

A process that is killed leaves the old file or the new one, and at most a draft, which the next writer
replaces.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a draft, which becomes `path` at the end, unless an error is raised.

    The file keeps the mode of the one that it replaces. Its folder must exist.

    Raises:
        OSError: the file cannot be written; the old one is unchanged.
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
    # The rename is on the disk once the folder is synced.
    sync(path.parent)


def write(path: Path, content: str | bytes) -> None:
    """Write a small file; text as UTF-8.

    Raises:
        OSError: the file cannot be written; the old one is unchanged.
    """
    with replacing(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def draft_of(path: Path) -> Path:
    """Name the draft of `path`: a hidden file beside it, which patterns of visible files skip."""
    return path.with_name(f".{path.name}.draft")


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until a folder and everything in it are on the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)
