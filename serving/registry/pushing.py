"""Add versions to a model's base folder: `<base>/1`, `<base>/2`, ... as TensorFlow Serving polls it.

A version is assembled under another name beside the others, synced to the disk and then renamed, so that a
server that polls the folder sees all of it or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from files import atomic, modes
from files.lock import held
from files.sums import digest_of
from serving.registry import label_history
from serving.registry.manifest import file_sums, sum_line
from serving.registry.version_folder import MANIFEST, MANIFEST_SUM, number_of

_LOG = logging.getLogger(__name__)
_STAGING = ".staging-"
_HIGHEST = ".highest-version"
_LOCK = ".lock"


class DuplicateVersion(RuntimeError):
    """The version exists already; another push came first."""


class NotBlessed(RuntimeError):
    """The copied model is not the blessed one."""


def next_version(base: Path) -> int:
    """Return the highest version ever plus one, complete or not: the number of a deleted one is not reused.

    It is kept in a file; if that is missing or damaged, it is the highest of the folders and of all that ever had a
    label.
    """
    folders = [number_of(path.name) for path in base.iterdir()] if base.is_dir() else []
    labelled = [
        number for change in label_history.read(base).changes for number in (change.version, change.before)
    ]
    return max([_highest_in_file(base), *(number or 0 for number in [*folders, *labelled])]) + 1


def damage(base: Path) -> str:
    """Say what is wrong with the file of the highest version; empty if nothing is, or if it is missing."""
    path = base / _HIGHEST
    if not path.exists() or _number_in(path) is not None:
        return ""
    found = path.read_bytes()[:40]
    return f"{path}: found {found!r}; expected a number in a line; the highest of folders and label history counts"


def _highest_in_file(base: Path) -> int:
    """Read the kept number; 0 if the file is missing, or damaged, which is logged."""
    if text := damage(base):
        _LOG.warning("%s", text)
    path = base / _HIGHEST
    return (_number_in(path) or 0) if path.exists() else 0


def _number_in(path: Path) -> int | None:
    content = path.read_bytes()
    # Without its end the number may be the beginning of a larger one.
    return number_of(content[:-1].decode("ascii", errors="replace")) if content.endswith(b"\n") else None


def push(
    source: Path,
    base: Path,
    version: int,
    *,
    extra: Mapping[str, str],
    about: Mapping[str, Any],
    folders: Mapping[str, Path] | None = None,
    blessed: str | None = None,
) -> Path:
    """Copy the files of `source` to `<base>/<version>`.

    Args:
        source: a SavedModel's folder.
        base: the model's base folder; created if it is missing. Those who may read it may read the version.
        version: greater than any there has been.
        extra: texts to lay beside the model, by file name.
        about: the manifest's other fields, beside the sums of the files.
        folders: folders to copy beside the model, by name.
        blessed: the digest (`files.sums.digest_of`) that the copied model must have; None to push whatever is there.

    Returns:
        The version's folder.

    Raises:
        DuplicateVersion: the folder exists, or a later version does.
        NotBlessed: the copy has another digest than `blessed`; nothing is left behind then.
        OSError: the files cannot be copied, as on a full disk; nothing is left behind then.
    """
    latest = next_version(base) - 1
    if version <= latest:
        raise DuplicateVersion(
            f"{base / str(version)}: version {version} was to be pushed, but there has been a version "
            f"{latest}; versions only go up: push again to take the next one"
        )
    modes.create(base)
    with _staging(base) as staged:
        shutil.copytree(source, staged, dirs_exist_ok=True)
        for name, folder in (folders or {}).items():
            shutil.copytree(folder, staged / name)
        for name, text in extra.items():
            (staged / name).write_text(text, encoding="utf-8")
        sums = file_sums(staged)
        # The very sums that the manifest gets: nothing can change between the comparison and the version's record.
        if blessed is not None:
            beside = {*extra, *(folders or {})}
            _require_blessed(
                source, blessed, {n: s for n, s in sums.items() if n.split("/")[0] not in beside}
            )
        document = {"version": version, **about, "files": sums}
        (staged / MANIFEST).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        (staged / MANIFEST_SUM).write_text(sum_line(staged), encoding="utf-8")
        modes.open_as(base, staged)  # a server may run as another user
        atomic.sync_tree(staged)
        target = base / str(version)
        try:
            os.rename(staged, target)  # fails if another push has put files there meanwhile
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise DuplicateVersion(
                f"{target}: another push came first; push again to take the next"
            ) from error
        # This also syncs the base folder, and with it the rename.
        atomic.write(base / _HIGHEST, f"{version}\n")
    return target


def _require_blessed(source: Path, blessed: str, copied: Mapping[str, str]) -> None:
    if digest_of(copied) != blessed:
        raise NotBlessed(
            f"{source}: expected the blessed model, SHA-256 {blessed or 'not recorded'}; found {digest_of(copied)}; "
            "nothing was pushed: run again, and the changed model is made and judged anew"
        )


@contextlib.contextmanager
def _staging(base: Path) -> Iterator[Path]:
    """Create a temporary folder whose name is not a version's; delete it at the end unless it was renamed."""
    staged = Path(tempfile.mkdtemp(prefix=_STAGING, dir=base))
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextlib.contextmanager
def only_push(base: Path) -> Iterator[None]:
    """Hold `base` for one push at a time, others wait; a killed push blocks nobody.

    Without it a push could take another's unfinished version for an abandoned one.
    """
    modes.create(base)
    with held(base / _LOCK, wait=True):
        yield


def discard_abandoned(base: Path) -> list[Path]:
    """Delete what killed pushes left behind; to be called within `only_push`."""
    abandoned = list(base.glob(f"{_STAGING}*"))
    for path in abandoned:
        shutil.rmtree(path)
    return abandoned
