"""`tagline doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import output
from pipeline.cli.exit_codes import BROKEN, OK
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.doctor.finding import Finding

# Of `tagline serve` and `tagline demo`, unless they are given others.
_PORTS = (("gRPC", 8500), ("REST", 8501))
_STYLES = {"ok": "green", "warning": "yellow", "error": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Look for what could stop a run or a server here, and say what to do. Changes nothing.

    Exit code 1 if there is an error; warnings alone leave it 0.
    """
    from pipeline.doctor.finding import STATES

    settings = settings_of(config, None, assignments).with_absolute_paths()
    found = list(_findings(settings))
    worst = max((finding.state for finding in found), key=STATES.index)
    if as_json:
        document = {"worst": worst, "findings": [asdict(finding) for finding in found]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _print_findings(found)
    sys.exit(BROKEN if worst == "error" else OK)


def _findings(settings: Settings) -> Iterator[Finding]:
    from pipeline.doctor import environment, last_run, leftovers, machine, metadata, pushed
    from pipeline.settings.schema import METADATA

    runs, models = settings.run_dir, settings.models_dir
    locks = (runs / ".lock", models / ".lock", models / ".labels.lock")
    held = list(leftovers.locks(locks))
    yield from environment.findings()
    yield from machine.findings((("pipeline.root", runs), ("serving.models", models)), _PORTS)
    yield from held
    yield from metadata.findings(runs / METADATA, runs=any(str(locks[0]) in lock.found for lock in held))
    yield from last_run.findings(runs)
    yield from leftovers.drafts((runs, models), busy=bool(held))
    yield from pushed.findings(models, settings.name)


def _print_findings(found: list[Finding]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in found:
        text = escape(finding.found) + (f"\n[bold]do:[/] {escape(finding.remedy)}" if finding.remedy else "")
        table.add_row(f"[{_STYLES[finding.state]}]{finding.state}[/]", escape(finding.what), text)
    output().print(table)
