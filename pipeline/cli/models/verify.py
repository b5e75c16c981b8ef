"""`tagline models verify`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from pipeline.cli.console import errors, output
from pipeline.cli.exit_codes import BROKEN, OK
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError
from serving.registry.manifest import Verdict
from serving.registry.manifest import verify as verify_version
from serving.registry.version_folder import size, versions_in


def verify(
    version: Annotated[str, typer.Argument(help="The version's number, or all.", metavar="V")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Compare every file of a version with its manifest. Exit code 1 if one differs."""
    settings = settings_of(config, None, assignments)
    folder = settings.with_absolute_paths().models_dir
    on_disk = versions_in(folder, missing_ok=True)
    listed = ", ".join(map(str, sorted(on_disk))) or "none, as nothing is pushed"
    if version != "all" and (not version.isdecimal() or int(version) not in on_disk):
        raise SettingsError(f"{folder} holds no version {version}; expected one of {listed}, or all")
    chosen = sorted(on_disk) if version == "all" else [int(version)]
    if not chosen:
        raise SettingsError(f"{folder} holds no version; `tagline run` pushes one")
    verdicts = {}
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=errors(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        for number in chosen:
            task = progress.add_task(f"version {number}", total=size(on_disk[number]))
            verdicts[number] = verify_version(on_disk[number], partial(progress.advance, task))
    if as_json:
        print(json.dumps({str(number): asdict(verdict) for number, verdict in verdicts.items()}, indent=2))
    else:
        for number, verdict in verdicts.items():
            _print_verdict(number, verdict)
    sys.exit(OK if all(verdict.is_intact for verdict in verdicts.values()) else BROKEN)


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
