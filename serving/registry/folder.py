"""What lies in a model's base folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path

_LOG = logging.getLogger(__name__)
_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_LARGEST = 2**63 - 1

Content = tuple[tuple[str, int, int], ...]


def versions_in(base: Path) -> dict[int, Path]:
    """The versions on disk: folders named as a number that hold a SavedModel.

    A folder without its `saved_model.pb` is still being written and is not there yet. TensorFlow Serving would
    try to load it, fail and try again a minute later: whoever copies a version in place file by file would
    read of a failed load, and wait, for nothing. To be loaded whole or not at all is better for users. With the
    policy `latest` the version before it goes on being served either way. Of two names for one number (`7` and
    `007`) the plain one counts.

    Raises:
      OSError: the base folder cannot be read.
    """
    found: dict[int, Path] = {}
    for folder in sorted(base.iterdir(), key=lambda path: (-len(path.name), path.name)):
        name = folder.name
        if not (name.isascii() and name.isdigit() and int(name) <= _LARGEST):
            continue
        try:
            if any((folder / graph).is_file() for graph in _GRAPHS):
                found[int(name)] = folder
        except OSError as error:
            # One folder that cannot be read must not hide the others.
            _LOG.error("%s is not looked into: %s", folder, error)
    return found


def content_of(folder: Path) -> Content:
    """Names, sizes and times of the files below `folder`: another value after any change. Never raises."""
    seen: list[tuple[str, int, int]] = []
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            try:
                stat = path.stat()
            except OSError:  # gone since it was listed
                continue
            seen.append((str(path), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(seen))
