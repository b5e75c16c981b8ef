"""What earlier runs left in the pushed folder, by the manifests of its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serving.registry.manifest import forced_reason, manifest_if_readable
from serving.registry.version_folder import STATISTICS, versions_in


def latest_other_model(base: Path, candidate: Mapping[str, str]) -> Path | None:
    """The latest blessed version that is not the candidate itself; None if there is no such version.

    Args:
        base: the model's base folder.
        candidate: SHA-256 of the candidate's files, by relative path.
    """
    for folder, about in _blessed(base):
        if {name: about["files"].get(name) for name in candidate} != dict(candidate):
            return folder
    return None


def latest_of_another_training(base: Path, data_fingerprint: str, training: str) -> Path | None:
    """The latest blessed version of another training, or of the same one on other data; None without one.

    Args:
        base: the model's base folder.
        data_fingerprint: of the files that this run reads.
        training: a hash of how this run trains.
    """
    for folder, about in _blessed(base):
        # A manifest that records no training counts as another training.
        if (about.get("data_fingerprint"), about.get("training")) != (data_fingerprint, training):
            return folder
    return None


def latest_other_statistics(base: Path, data_fingerprint: str) -> Path | None:
    """The statistics in the latest blessed version of other data; None if there is no such version.

    Args:
        base: the model's base folder.
        data_fingerprint: of the files that this run reads.
    """
    for folder, about in _blessed(base):
        if about.get("data_fingerprint") != data_fingerprint and (folder / STATISTICS).is_dir():
            return folder / STATISTICS
    return None


def _blessed(base: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Versions that their gates blessed, with their manifests, the latest first.

    A forced version is served, but no model is compared with it. One without a manifest was never blessed.
    """
    for folder in reversed(versions_in(base, missing_ok=True).values()):
        about = manifest_if_readable(folder)
        if "files" in about and not forced_reason(about):
            yield folder, about
