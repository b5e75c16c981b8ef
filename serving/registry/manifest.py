"""The manifest of a version: the SHA-256 of every file in it, and what the push knew of the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_CHUNK = 1 << 20


class BrokenManifest(ValueError):
    """A manifest that cannot be read."""


def manifest(version_dir: Path) -> dict[str, Any]:
    """The manifest of a pushed version; empty where there is none, as in a folder made by something else.

    Raises:
        BrokenManifest: a file that is no manifest.
    """
    path = version_dir / MANIFEST
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenManifest(f"{path}: not the JSON of a manifest ({error}); push the model again") from error
    if not isinstance(found, dict) or not isinstance(found.get("files", {}), dict):
        raise BrokenManifest(f"{path}: expected an object with the sums in `files`; push the model again")
    return found


def forced_reason(about: Mapping[str, Any]) -> str:
    """Why a version was pushed though a gate refused it, as its manifest says; empty if none did."""
    forced = about.get("forced")
    return str(forced.get("reason", "")) if isinstance(forced, dict) else ""


def file_sums(folder: Path, read: Callable[[int], None] = lambda _: None) -> dict[str, str]:
    """SHA-256 of every file below `folder`, by its relative path, the manifest left out.

    Args:
        folder: a version's folder.
        read: told the number of bytes after each piece that was read.
    """
    return {
        path.relative_to(folder).as_posix(): _sha256(path, read)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def size(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a version's files compare with its manifest; names are paths below the version's folder.

    Attributes:
        files: how many files the manifest names; None without a manifest, when there is nothing to compare.
        missing: named, and not there.
        extra: there, and not named.
        changed: there with another content.
        broken: why the manifest itself cannot be read; empty if it can.
    """

    files: int | None
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    broken: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether nothing differs. A version without a manifest shows no difference."""
        return not (self.missing or self.extra or self.changed or self.broken)


def verify(version_dir: Path, read: Callable[[int], None] = lambda _: None) -> Verdict:
    """Read every file of a version and hold it against the manifest; `read` as in `file_sums`."""
    try:
        about = manifest(version_dir)
    except BrokenManifest as error:
        return Verdict(None, broken=str(error))
    if "files" not in about:
        return Verdict(None)
    recorded, found = about["files"], file_sums(version_dir, read)
    return Verdict(
        len(recorded),
        missing=tuple(sorted(recorded.keys() - found.keys())),
        extra=tuple(sorted(found.keys() - recorded.keys())),
        changed=tuple(
            name for name in sorted(recorded.keys() & found.keys()) if recorded[name] != found[name]
        ),
    )


def _sha256(path: Path, read: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
            read(len(chunk))
    return digest.hexdigest()
