"""The manifest of a version: the SHA-256 of every file in it, and what was known of the model when it was pushed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from files.sums import sha256_of
from serving.registry.version_folder import MANIFEST, MANIFEST_SUM, SEALS

_LOG = logging.getLogger(__name__)


class BrokenManifest(ValueError):
    """A manifest that cannot be read."""


def manifest(version_dir: Path) -> dict[str, Any]:
    """Read the manifest of a version; empty if it has none, as in a folder that AtomicPusher did not make.

    Raises:
        BrokenManifest: the file is not a manifest.
    """
    path = version_dir / MANIFEST
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenManifest(f"{path}: not the JSON of a manifest ({error}); push the model again") from error
    if not isinstance(document, dict) or not isinstance(document.get("files", {}), dict):
        raise BrokenManifest(f"{path}: expected an object with the sums in `files`; push the model again")
    return document


def manifest_if_readable(version_dir: Path) -> dict[str, Any]:
    """Read the manifest of a version as `manifest` does; one that cannot be read is logged, and empty."""
    try:
        return manifest(version_dir)
    except BrokenManifest as error:
        _LOG.warning("%s; taken for a version without a manifest", error)
        return {}


def forced_reason(about: Mapping[str, Any]) -> str:
    """Read why a version was pushed although a gate refused it; empty if no gate did."""
    forced = about.get("forced")
    return str(forced.get("reason", "")) if isinstance(forced, dict) else ""


def file_sums(folder: Path, on_read: Callable[[int], None] = lambda _: None) -> dict[str, str]:
    """Compute the SHA-256 of every file below `folder` except the manifest, its sum and signature, by relative path.

    Args:
        folder: a version's folder.
        on_read: called with the number of bytes after each chunk that was read.
    """
    return {
        _below(folder, path): sha256_of(path, on_read)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not (path.parent == folder and path.name in SEALS)
    }


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def sum_line(version_dir: Path) -> str:
    """The line that `sha256sum` prints for the manifest, for the file beside it."""
    return f"{sha256_of(version_dir / MANIFEST)}  {MANIFEST}\n"


def holds(version_dir: Path, sums: Mapping[str, str]) -> bool:
    """Whether a version is made of exactly these model files, and all its files are intact on the disk."""
    recorded = manifest_if_readable(version_dir).get("files", {})
    recorded_of_model = {name: digest for name, digest in recorded.items() if name in sums}
    return bool(recorded) and recorded_of_model == dict(sums) and file_sums(version_dir) == recorded


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a version's files compare with its manifest; names are paths below the version's folder.

    Attributes:
        files: how many files the manifest lists; None without a manifest, when there is nothing to compare.
        missing: listed, but not on the disk.
        extra: on the disk, but not listed.
        changed: on the disk with another content.
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

    @property
    def difference(self) -> str:
        """The differences in a line, of many files the first; empty if there is none."""
        if self.broken:
            return self.broken
        names = [f"{kind} {name}" for kind in ("missing", "extra", "changed") for name in getattr(self, kind)]
        return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def verify(version_dir: Path, on_read: Callable[[int], None] = lambda _: None) -> Verdict:
    """Compare every file of a version with the manifest; `on_read` as in `file_sums`."""
    try:
        about = manifest(version_dir)
    except BrokenManifest as error:
        return Verdict(None, broken=str(error))
    kept = version_dir / MANIFEST_SUM
    if kept.exists() and (not about or kept.read_bytes() != sum_line(version_dir).encode()):
        return Verdict(None, broken=f"changed {MANIFEST}, or {MANIFEST_SUM}, which holds its sum")
    if "files" not in about:
        return Verdict(None)
    recorded, actual = about["files"], file_sums(version_dir, on_read)
    # What lies below a link to a folder would be loaded, but was not summed.
    actual |= {
        _below(version_dir, path): ""
        for path in version_dir.rglob("*")
        if path.is_symlink() and path.is_dir()
    }
    return Verdict(
        len(recorded),
        missing=tuple(sorted(recorded.keys() - actual.keys())),
        extra=tuple(sorted(actual.keys() - recorded.keys())),
        changed=tuple(
            name for name in sorted(recorded.keys() & actual.keys()) if recorded[name] != actual[name]
        ),
    )
