"""A folder of model versions: `<base>/1`, `<base>/2`, ... as TensorFlow Serving polls it.

A version is made under another name beside the others, synced to the disk and then renamed, so that whoever polls
the folder sees all of it or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from files import atomic
from files.lock import held
from serving.registry.manifest import MANIFEST, file_sums, manifest

_STAGING = ".staging-"
_HIGHEST = ".highest-version"
_LOCK = ".lock"


class DuplicateVersion(RuntimeError):
    """The version exists already; another push came first."""


def versions(base: Path) -> list[int]:
    """The versions in `base`, ascending; other names are no versions."""
    if not base.is_dir():
        return []
    return sorted(int(path.name) for path in base.iterdir() if path.name.isdecimal() and path.is_dir())


def next_version(base: Path) -> int:
    """One more than any version there has ever been: a number that was deleted is not given out again."""
    highest = base / _HIGHEST
    ever = int(highest.read_text(encoding="utf-8")) if highest.exists() else 0
    return max([ever, *versions(base)]) + 1


def holds(version_dir: Path, sums: Mapping[str, str]) -> bool:
    """Is this version made of just these files, and is each of them intact on the disk?"""
    recorded = manifest(version_dir).get("files", {})
    model_files = {name: digest for name, digest in recorded.items() if name in sums}
    return bool(recorded) and model_files == dict(sums) and file_sums(version_dir) == recorded


def push(
    source: Path,
    base: Path,
    version: int,
    *,
    extra: Mapping[str, str],
    about: Mapping[str, Any],
    folders: Mapping[str, Path] | None = None,
) -> Path:
    """Make `<base>/<version>` out of the files of `source`.

    Args:
        source: a SavedModel's folder.
        base: the model's folder of versions; made where it is missing.
        version: greater than any there has been.
        extra: texts to lay beside the model, by file name.
        about: what the manifest says beside the sums of the files.
        folders: folders to copy beside the model, by name.

    Returns:
        The version's folder.

    Raises:
        DuplicateVersion: the folder exists, or a later version does.
        OSError: the files cannot be copied, as on a full disk; nothing is left behind then.
    """
    latest = next_version(base) - 1
    if version <= latest:
        raise DuplicateVersion(
            f"{base / str(version)}: version {version} was to be pushed, but there has been a version {latest}; "
            "versions only go up: push again to take the next one"
        )
    base.mkdir(parents=True, exist_ok=True)
    with _staging(base) as staged:
        shutil.copytree(source, staged, dirs_exist_ok=True)
        staged.chmod(0o755)  # a temporary folder's mode, or the source's, could keep a server out
        for name, folder in (folders or {}).items():
            shutil.copytree(folder, staged / name)
        for name, text in extra.items():
            (staged / name).write_text(text, encoding="utf-8")
        document = {"version": version, **about, "files": file_sums(staged)}
        (staged / MANIFEST).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
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
        atomic.write(base / _HIGHEST, f"{version}\n")
    return target


@contextlib.contextmanager
def _staging(base: Path) -> Iterator[Path]:
    """A folder that no poller takes for a version; gone at the end, whatever happened."""
    staged = Path(tempfile.mkdtemp(prefix=_STAGING, dir=base))
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextlib.contextmanager
def only_push(base: Path) -> Iterator[None]:
    """Wait until no other push runs on `base`, and keep others waiting; a killed push keeps nobody waiting.

    Without it a push could take another's half-made version for an abandoned one.
    """
    with held(base / _LOCK, wait=True):
        yield


def discard_abandoned(base: Path) -> list[Path]:
    """Delete what pushes that were killed left behind; to be called within `only_push`."""
    abandoned = list(base.glob(f"{_STAGING}*")) if base.is_dir() else []
    for path in abandoned:
        shutil.rmtree(path)
    return abandoned
