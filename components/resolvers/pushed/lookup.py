"""The folder of versions as a memory of earlier runs: which model was blessed last, and on which data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serving.registry.manifest import file_sums, forced_reason, manifest

# Beside the model in each pushed version: the statistics of the examples that it was trained on.
STATISTICS = "statistics"
SETTINGS = "settings.yaml"


def latest_other_model(base: Path, candidate: Mapping[str, str]) -> Path | None:
    """The latest blessed version that is not the candidate itself; None where there is none.

    Args:
        base: the model's folder of versions.
        candidate: SHA-256 of the candidate's files, by relative path.
    """
    for version in _blessed(base):
        recorded = manifest(version).get("files", {})
        if {name: recorded.get(name) for name in candidate} != dict(candidate):
            return version
    return None


def latest_of_another_training(base: Path, data_fingerprint: str, training: str) -> Path | None:
    """The latest blessed version that was not trained as this run trains, on what it reads; None where there is none.

    Args:
        base: the model's folder of versions.
        data_fingerprint: of the files that this run reads.
        training: a hash of how this run trains.
    """
    for version in _blessed(base):
        about = manifest(version)
        # A version that says nothing of its training is another's.
        if (about.get("data_fingerprint"), about.get("training")) != (data_fingerprint, training):
            return version
    return None


def latest_other_statistics(base: Path, data_fingerprint: str) -> Path | None:
    """The statistics beside the latest blessed version of other data; None where there are none.

    Args:
        base: the model's folder of versions.
        data_fingerprint: of the files that this run reads.
    """
    for version in _blessed(base):
        if manifest(version).get("data_fingerprint") != data_fingerprint and (version / STATISTICS).is_dir():
            return version / STATISTICS
    return None


def model_files(version: Path) -> list[str]:
    """The files of a version that are the model's own, by relative path."""
    return [name for name in file_sums(version) if name != SETTINGS and Path(name).parts[0] != STATISTICS]


def _blessed(base: Path) -> Iterator[Path]:
    """Versions that their gates let through, the latest first. A forced one is in place, but measures no other."""
    numbers = [int(path.name) for path in base.iterdir() if path.name.isdecimal()] if base.is_dir() else []
    for number in sorted(numbers, reverse=True):
        about: dict[str, Any] = manifest(base / str(number))
        if "files" in about and not forced_reason(about):
            yield base / str(number)
