"""A version of a model on the disk: a folder `<base>/<number>/`.

    saved_model.pb, variables/, ...   the model; without the first the folder is not complete
    settings.yaml                     the settings of the run that trained it
    statistics/                       of the examples that it was trained on
    manifest.json                     the SHA-256 of every other file; metrics, run and data of the model
    manifest.json.sha256              the SHA-256 of the manifest, as `sha256sum --check` takes it
    manifest.json.sig                 the signature of the manifest, of a version that was signed

A folder that AtomicPusher did not make may hold the model alone.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from files.atomic import draft_of

MANIFEST = "manifest.json"
MANIFEST_SUM = "manifest.json.sha256"
SIGNATURE = "manifest.json.sig"
# What is about the other files; the draft is of a signature whose writer was killed.
SEALS = (MANIFEST, MANIFEST_SUM, SIGNATURE, draft_of(Path(SIGNATURE)).name)
SETTINGS = "settings.yaml"
STATISTICS = "statistics"

_LOG = logging.getLogger(__name__)
_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_LARGEST = 2**63 - 1

Content = tuple[tuple[str, int, int], ...]


def number_of(name: str) -> int | None:
    """Read the version number from a folder's name; None for another name."""
    is_number = name.isascii() and name.isdigit() and int(name) <= _LARGEST
    return int(name) if is_number else None


def versions_in(base: Path, *, missing_ok: bool = False) -> dict[int, Path]:
    """List the complete versions in a model's base folder, ascending by number.

    A folder without its `saved_model.pb` is still being written and does not count yet. TensorFlow Serving
    would try to load it, fail and try again a minute later, so whoever copies a version in place file by file
    would see a failed load, and wait, for nothing. With the policy `latest` the version before it stays
    served either way. Of two names for one number (`7` and `007`) the plain one counts.

    Args:
      base: the model's base folder.
      missing_ok: take a base folder that does not exist for an empty one.

    Raises:
      OSError: the base folder cannot be read.
    """
    if missing_ok and not base.is_dir():
        return {}
    versions: dict[int, Path] = {}
    for folder in sorted(base.iterdir(), key=lambda path: (-len(path.name), path.name)):
        number = number_of(folder.name)
        if number is None:
            continue
        try:
            if any((folder / graph).is_file() for graph in _GRAPHS):
                versions[number] = folder
        except OSError as error:
            # One folder that cannot be read must not hide the others.
            _LOG.error("%s is skipped: %s", folder, error)
    return dict(sorted(versions.items()))


def model_files(version_dir: Path) -> list[str]:
    """List the relative paths of the model's own files, without those that the push adds."""
    beside = (*SEALS, SETTINGS, STATISTICS)
    files = (path.relative_to(version_dir) for path in sorted(version_dir.rglob("*")) if path.is_file())
    return [name.as_posix() for name in files if name.parts[0] not in beside]


def size(folder: Path) -> int:
    """Sum the bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def content_of(folder: Path) -> Content:
    """List names, sizes and times of the files below `folder`: another value after any change. Never raises."""
    content: list[tuple[str, int, int]] = []
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            try:
                stat = path.stat()
            except OSError:  # gone since it was listed
                continue
            content.append((str(path), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(content))
