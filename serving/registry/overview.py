"""Each version of a model with its state on the disk, in the config and at the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.client import VersionStatus
from serving.registry.manifest import BrokenManifest, forced_reason, manifest
from serving.registry.model_config import Served
from serving.registry.version_folder import size, versions_in

NEW, NOT_SERVED, UNREACHABLE = "pushed, not served", "not served", "server not reachable"
FAILED, GONE = "load failed", "gone from the disk"


@dataclass(frozen=True, slots=True)
class Row:
    """One version.

    Attributes:
        version: its number.
        pushed_at: by its manifest; empty without one.
        score: the primary metric on the test split; None where the manifest has none.
        bytes: of all its files; None for a version that is gone.
        state: the server's (`AVAILABLE`, `LOADING`, ...), or one of the constants of this module.
        error: why a load failed, in the server's words, or why its manifest cannot be read.
        labels: its labels in the config, sorted.
        forced: why it was pushed although a gate refused it; empty if no gate did.
    """

    version: int
    pushed_at: str
    score: float | None
    bytes: int | None
    state: str
    error: str
    labels: tuple[str, ...]
    forced: str = ""


def rows(folder: Path, served: Served, statuses: Mapping[int, VersionStatus] | None) -> list[Row]:
    """List every version that is on the disk, has a label or is loaded, the newest first.

    Args:
        folder: the model's base folder.
        served: the versions and labels of the config.
        statuses: what the server reports; None if it cannot be reached.
    """
    on_disk = versions_in(folder, missing_ok=True)
    loaded = {version for version, status in (statuses or {}).items() if status.state != "END"}
    return [
        _row(version, on_disk.get(version), served, statuses)
        for version in sorted({*on_disk, *served.labels.values(), *loaded}, reverse=True)
    ]


def _row(
    version: int, path: Path | None, served: Served, statuses: Mapping[int, VersionStatus] | None
) -> Row:
    state, error = _state(version, path, served, statuses)
    try:
        about = manifest(path) if path else {}
    except BrokenManifest as broken:  # one version must not hide the others
        about, error = {}, error or str(broken)
    metrics = about.get("metrics")
    return Row(
        version=version,
        pushed_at=about.get("pushed_at", ""),
        score=metrics.get("primary") if isinstance(metrics, dict) else None,
        bytes=size(path) if path else None,
        state=state,
        error=error,
        labels=tuple(sorted(label for label, number in served.labels.items() if number == version)),
        forced=forced_reason(about),
    )


def _state(
    version: int, path: Path | None, served: Served, statuses: Mapping[int, VersionStatus] | None
) -> tuple[str, str]:
    status = (statuses or {}).get(version)
    if status is not None and status.state != "END":
        return status.state, ""
    if path is None:
        return GONE, ""
    error = status.error if status else ""
    if served.versions is not None and version not in served.versions:
        # Newer than any in the config: not promoted yet.
        return (NEW if version > max(served.versions, default=0) else NOT_SERVED), error
    if statuses is None:
        return UNREACHABLE, ""
    return (FAILED if error else NOT_SERVED), error
