"""The pushed versions that a command is asked for."""

from __future__ import annotations

from pathlib import Path

from pipeline.settings import Settings, SettingsError
from serving.registry.version_folder import versions_in


def chosen_versions(settings: Settings, version: str) -> dict[int, Path]:
    """Find the folder of one version by its number, or of `all`, ascending.

    Raises:
        SettingsError: there is no such version, or none at all.
    """
    folder = settings.with_absolute_paths().models_dir
    on_disk = versions_in(folder, missing_ok=True)
    listed = ", ".join(map(str, sorted(on_disk))) or "none, as nothing is pushed"
    if version != "all" and (not version.isdecimal() or int(version) not in on_disk):
        raise SettingsError(f"{folder} holds no version {version}; expected one of {listed}, or all")
    if not on_disk:
        raise SettingsError(f"{folder} holds no version; `tagline run` pushes one")
    return on_disk if version == "all" else {int(version): on_disk[int(version)]}
