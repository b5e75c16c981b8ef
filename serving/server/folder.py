"""What lies in a model's base folder."""

from __future__ import annotations

from pathlib import Path

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")


def versions_in(base: Path) -> dict[int, Path]:
    """The versions on disk: folders named as a number that hold a SavedModel.

    A folder without its `saved_model.pb` is still being written and is not there yet. Of two names for one
    number (`7` and `007`) the plain one counts.

    Raises:
      OSError: the base folder cannot be read.
    """
    found: dict[int, Path] = {}
    for folder in sorted(base.iterdir(), key=lambda path: (-len(path.name), path.name)):
        name = folder.name
        if not (name.isascii() and name.isdigit()):
            continue
        if any((folder / graph).is_file() for graph in _GRAPHS):
            found[int(name)] = folder
    return found
