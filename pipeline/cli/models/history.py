"""`tagline models history`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import errors, output
from pipeline.cli.models.overview import unreadable_line
from pipeline.cli.options import Assignments, Config, settings_of


def history(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Who moved which label when, the oldest first."""
    from serving.registry import label_history

    settings = settings_of(config, None, assignments)
    folder = settings.with_absolute_paths().models_dir
    read = label_history.read(folder)
    if as_json:
        for change in read.changes:
            print(json.dumps(asdict(change), ensure_ascii=False))
    elif not read.changes:
        output().print(f"no label was ever moved in {folder}", markup=False, soft_wrap=True)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("at (UTC)", "command", "label", "from", "to", "by", "reason"):
            table.add_column(column)
        for change in read.changes:
            before, after = (
                "" if number is None else str(number) for number in (change.before, change.version)
            )
            at = change.at.removesuffix("+00:00")
            cells = (at, change.change, change.label, before, after, change.user, change.reason)
            table.add_row(*map(escape, cells))
        output().print(table)
    for line in read.unreadable:
        errors().print(unreadable_line(settings, line), style="yellow", markup=False, soft_wrap=True)
