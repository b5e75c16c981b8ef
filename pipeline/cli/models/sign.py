"""`tagline models sign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.console import output
from pipeline.cli.models.chosen import chosen_versions
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError


def sign(
    version: Annotated[str, typer.Argument(help="The version's number, or all.", metavar="V")],
    private_key: Annotated[
        Path, typer.Option(help="Ed25519 private key in PEM form, unencrypted; it is read, never copied.")
    ],
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Sign the manifest of a version, for servers that are given the public key. Only an intact version is signed."""
    from serving.registry import signature
    from serving.registry.manifest import verify

    settings = settings_of(config, None, assignments)
    for number, folder in chosen_versions(settings, version).items():
        verdict = verify(folder)
        if not verdict.is_intact or verdict.files is None:
            found = verdict.difference or "it has no manifest"
            raise SettingsError(
                f"{folder}: {found}; expected a version as it was pushed: push the model again"
            )
        try:
            signature.sign(folder, private_key)
        except (signature.UnusableKey, OSError) as error:
            raise SettingsError(f"--private-key: {error}") from error
        output().print(f"version {number}: signed, {verdict.files} files", markup=False, soft_wrap=True)
