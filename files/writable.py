"""Whether a folder can be written to, tried without leaving anything there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def obstacle(folder: Path) -> str:
    """Say why nothing can be written to `folder`, which may have to be created first; empty if it can be."""
    there = folder.absolute()
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        return f"{there} is not a folder"
    try:
        # Permissions alone do not tell: a disk may be full or mounted read-only, and root passes them all.
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return f"no file can be created in {there}: {error.strerror}"
    return ""
