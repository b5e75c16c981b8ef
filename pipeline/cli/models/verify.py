"""`tagline models verify`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from pipeline.cli.console import errors, output
from pipeline.cli.exit_codes import BROKEN, OK
from pipeline.cli.models.chosen import chosen_versions
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError
from serving.registry import signature
from serving.registry.manifest import Verdict
from serving.registry.manifest import verify as verify_version
from serving.registry.version_folder import size


def verify(
    version: Annotated[str, typer.Argument(help="The version's number, or all.", metavar="V")] = "all",
    public_key: Annotated[
        Path | None,
        typer.Option(help="Ed25519 public key in PEM form; the versions must be signed by its private key."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Compare every file of a version with its manifest. Exit code 1 if one differs, or is not signed by the key."""
    settings = settings_of(config, None, assignments)
    verdicts, unsigned = {}, {}
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=errors(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        for number, folder in chosen_versions(settings, version).items():
            task = progress.add_task(f"version {number}", total=size(folder))
            verdicts[number] = verify_version(folder, partial(progress.advance, task))
            unsigned[number] = _unsigned(folder, verdicts[number], public_key)
    if as_json:
        signed = {number: {"unsigned": reason} if public_key else {} for number, reason in unsigned.items()}
        print(
            json.dumps(
                {str(number): asdict(verdicts[number]) | signed[number] for number in verdicts}, indent=2
            )
        )
    else:
        for number, verdict in verdicts.items():
            _print_verdict(number, verdict)
            if public_key:
                text = unsigned[number] or "signed by the holder of this key"
                output().print(f"version {number}: {text}", markup=False, soft_wrap=True)
    good = all(verdict.is_intact for verdict in verdicts.values()) and not any(unsigned.values())
    sys.exit(OK if good else BROKEN)


def _unsigned(folder: Path, verdict: Verdict, public_key: Path | None) -> str:
    """Say why a version is not signed by the key; empty if it is, without a key, and with a broken manifest."""
    if public_key is None or verdict.broken:
        return ""
    try:
        return signature.problem(folder, public_key)
    except (signature.UnusableKey, OSError) as error:
        raise SettingsError(f"--public-key: {error}") from error


def _print_verdict(number: int, verdict: Verdict) -> None:
    console = output()
    if verdict.broken:
        console.print(f"version {number}: {verdict.broken}", markup=False, soft_wrap=True)
        return
    if verdict.files is None:
        console.print(f"version {number}: no manifest to compare it with; not pushed by tagline")
        return
    for kind, names in (("missing", verdict.missing), ("extra", verdict.extra), ("changed", verdict.changed)):
        for name in names:
            console.print(f"version {number}: {kind} {name}", markup=False, soft_wrap=True)
    if verdict.is_intact:
        console.print(f"version {number}: intact, {verdict.files} files")
    else:
        console.print(f"version {number}: not what was pushed; push the model again, and do not serve this")
