"""SHA-256 of a file's content, read in chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

_CHUNK = 1 << 20


def sha256_of(path: Path, on_read: Callable[[int], None] = lambda _: None) -> str:
    """Compute the hexadecimal SHA-256 of a file.

    Args:
        path: the file.
        on_read: called with the number of bytes after each chunk that was read.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            on_read(len(chunk))
    return digest.hexdigest()
