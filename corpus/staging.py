"""Write a new file or folder completely or not at all: in a hidden folder beside its place, then one rename."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from corpus.errors import CorpusError
from files.atomic import sync_tree


def require_place(data: str | Path, out: str | Path, kind: Literal["file", "folder"]) -> None:
    """Require that something new can be written to `out`, and that it is not part of the corpus.

    Args:
        data: the corpus.
        out: the place; what is there must be empty.
        kind: what is to be written.

    Raises:
        CorpusError: it lies within the corpus, or something is there.
    """
    data, out = Path(data), Path(out)
    source, place = Path(os.path.realpath(data)), Path(os.path.realpath(out))
    if place == source or (source.is_dir() and place.is_relative_to(source)):
        raise CorpusError(
            "the copy would lie within the corpus",
            path=out,
            expected=f"a {kind} of its own",
            remedy="name another",
        )
    if out.is_symlink() or (out.exists() and not _is_empty(out, kind)):
        raise CorpusError(
            "already exists",
            path=out,
            expected=f"no {kind}, or an empty one",
            remedy="name another, or remove it",
        )


def _is_empty(path: Path, kind: Literal["file", "folder"]) -> bool:
    if kind == "file":
        return path.is_file() and path.stat().st_size == 0
    return path.is_dir() and not any(path.iterdir())


@contextmanager
def staged(out: str | Path) -> Iterator[Path]:
    """Yield the path of a draft, file or folder, that becomes `out` at the end, unless an error is raised.

    Raises:
        CorpusError: it cannot be written.
    """
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            draft = hidden / out.name
            yield draft
            sync_tree(hidden)
            os.rename(draft, out)  # replaces an empty folder, but not one that has been filled meanwhile
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError as error:
        raise CorpusError(
            f"cannot be written ({error.strerror or error})",
            path=out,
            expected="a place for the copy",
            remedy="check the space and the permissions",
        ) from error


def create(path: Path) -> IO[bytes]:
    """Open a new file for writing, packed if its name ends in `.gz`."""
    if path.name.lower().endswith(".gz"):
        # Without a date, so that the same contents make the same file.
        return cast(IO[bytes], gzip.GzipFile(filename=path, mode="xb", mtime=0))
    return path.open("xb")
