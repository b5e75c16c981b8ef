"""Look into the folders of a corpus; every failure is a `CorpusError`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corpus.errors import CorpusError
from corpus.splits.names import is_file_name

_SHOWN = 6


def is_file(path: Path) -> bool:
    """Whether a path is a regular file, or a link to one."""
    try:
        return path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from error


def is_folder(path: Path) -> bool:
    """Whether a path is a folder, or a link to one."""
    try:
        return path.is_dir()
    except OSError as error:
        # The folder around it may be listed and not entered.
        raise _unreadable(path, error) from error


def entries(folder: Path) -> list[Path]:
    """List what lies in a folder, in order of the names, without hidden files."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error


def corpus_files(folder: Path) -> list[Path]:
    """List the files of a folder whose names are those of corpus files."""
    return [path for path in entries(folder) if is_file_name(path.name) and is_file(path)]


def listed(names: Iterable[str]) -> str:
    """List names, the first few of many."""
    names = list(names)
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN:,} more"


def _unreadable(path: Path, error: OSError) -> CorpusError:
    return CorpusError(
        error.strerror or str(error),
        path=path,
        expected="a folder that can be read",
        remedy="check the path and its permissions",
    )
