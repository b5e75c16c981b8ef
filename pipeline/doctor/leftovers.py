"""What killed processes left, and which locks are held."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from files.lock import holder
from pipeline.doctor.finding import Finding

# Drafts of `files.atomic`, of `trainer.remote_files`, and of pushes.
_DRAFT = re.compile(r"\..+\.draft|.+\.draft-\d+|\.staging-.+")
_SHOWN = 3


def locks(paths: Iterable[Path]) -> Iterator[Finding]:
    """Look at who holds each lock file; one that is missing is held by nobody."""
    for path in paths:
        process = holder(path)
        if process:
            yield Finding("lock", "ok", f"{path}: held by process {process}")


def drafts(folders: Iterable[Path], *, busy: bool) -> Iterator[Finding]:
    """Look for drafts below `folders`; while a process is `busy` there they may be its own."""
    found = [path for folder in folders for path in _drafts_below(folder)]
    if not found:
        yield Finding("drafts", "ok", "none left behind")
        return
    names = ", ".join(map(str, found[:_SHOWN])) + (
        f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    )
    if busy:
        yield Finding("drafts", "ok", f"of the process that holds a lock, or left behind: {names}")
    else:
        yield Finding(
            "drafts",
            "warning",
            f"left behind by killed processes: {names}",
            "delete them; the next push clears .staging-*, the next write of a file its draft",
        )


def _drafts_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if _DRAFT.fullmatch(name):
                yield Path(parent, name)
        folders[:] = [name for name in folders if not _DRAFT.fullmatch(name)]
