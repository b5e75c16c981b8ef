"""`tagline models` without a command: the versions on the disk, in the config and at the server."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import output
from pipeline.cli.models.server import ANSWER_SECONDS, DEFAULT_TARGET, Target, watched
from pipeline.cli.options import (
    Assignments,
    Config,
    Tls,
    TlsCa,
    TlsCert,
    TlsKey,
    TlsName,
    settings_of,
    tls_of,
)
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from serving.client import TLS, VersionStatus
    from serving.registry.model_config import ModelConfig
    from serving.registry.overview import Row

_UNITS = ("B", "kB", "MB", "GB", "TB")


def overview(
    context: typer.Context,
    target: Target = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    tls: Tls = False,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_name: TlsName = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    if context.invoked_subcommand is not None:
        if any(context.params.values()):
            raise typer.BadParameter(f"options come after the command {context.invoked_subcommand!r}")
        return
    from serving.registry import label_history
    from serving.registry.errors import Refused
    from serving.registry.model_config import Served
    from serving.registry.overview import rows

    settings, target = settings_of(config, None, assignments), target or DEFAULT_TARGET
    folder = settings.with_absolute_paths().models_dir
    model_config, notes = config_of(settings), []
    try:
        served = model_config.served
    except Refused as error:
        served = Served(None, model_config.labels)
        notes.append(str(error))
    statuses, silence = _statuses(target, settings.name, tls_of(tls, tls_ca, tls_cert, tls_key, tls_name))
    notes += silence
    if served.versions and not served.labels:
        notes.append(
            "versions without a label: a first promote did not finish; run it again, or "
            "`tagline models follow`"
        )
    notes += [unreadable_line(settings, line) for line in label_history.read(folder).unreadable]
    versions = rows(folder, served, statuses)
    if as_json:
        document = {
            "model": settings.name,
            "folder": str(folder),
            "serves": "newest" if served.versions is None else list(served.versions),
            "labels": dict(served.labels),
            "server": {"target": target, "answers": statuses is not None},
            "versions": [asdict(row) for row in versions],
            "notes": notes,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif not versions:
        output().print(f"nothing is pushed to {folder}; `tagline run` pushes", markup=False, soft_wrap=True)
    else:
        output().print(f"{settings.name} in {folder}: {served}", markup=False, soft_wrap=True)
        _print_versions(output(), versions, notes)


def _statuses(target: str, name: str, tls: TLS | bool) -> tuple[dict[int, VersionStatus] | None, list[str]]:
    """The states of the versions at the server; None and why, where it does not answer."""
    from serving.client import TaggerError

    try:
        with watched(target, name, tls=tls, timeout=ANSWER_SECONDS) as server:
            return server.statuses(), []
    except TaggerError as error:
        return None, [str(error)]


def config_of(settings: Settings) -> ModelConfig:
    """Read the config that servers start from.

    Raises:
        SettingsError: the file is not a config.
    """
    from serving.registry import model_config
    from serving.registry.errors import Refused

    try:
        return model_config.read(settings.with_absolute_paths().models_dir, settings.name)
    except Refused as error:
        raise SettingsError(str(error)) from error


def unreadable_line(settings: Settings, line: int) -> str:
    """A note on a line of the history that cannot be read."""
    from serving.registry import label_history

    file = settings.with_absolute_paths().models_dir / label_history.FILE
    return f"{file}:{line}: not a change; its writer was stopped, or it was edited"


def _print_versions(console: Console, versions: list[Row], notes: list[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("version", justify="right")
    for column in ("pushed at", "score on test"):
        table.add_column(column)
    table.add_column("size", justify="right")
    for column in ("state", "labels"):
        table.add_column(column)
    for row in versions:
        table.add_row(
            str(row.version),
            escape(row.pushed_at) or "not by tagline",
            "" if row.score is None else f"{row.score:.4f}",
            "" if row.bytes is None else _readable(row.bytes),
            row.state,
            escape(", ".join(row.labels)),
        )
    console.print(table)
    for row in versions:
        if row.error:
            console.print(f"[red]version {row.version}[/] {escape(row.error)}", soft_wrap=True)
        if row.forced:
            console.print(
                f"[yellow]version {row.version}[/] was pushed against the verdict: {escape(row.forced)}",
                soft_wrap=True,
            )
    for note in notes:
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)


def _readable(size: int) -> str:
    amount, unit = float(size), _UNITS[0]
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
