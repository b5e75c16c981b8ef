"""SHA-256 of a file's content, read in chunks, and of all files of a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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


def sums_below(folder: Path) -> dict[str, str]:
    """Compute the SHA-256 of every file below a folder, by relative path; none if there is no such folder."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lines_of(sums: Mapping[str, str]) -> str:
    """Write sums as `sha256sum` prints them and `sha256sum --check` reads them, sorted by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def digest_of(sums: Mapping[str, str]) -> str:
    """Compute the SHA-256 of a folder from those of its files: that of their lines."""
    return hashlib.sha256(lines_of(sums).encode()).hexdigest()
