"""`tagline models`, `tagline models history` and `tagline models config`: what is there to read."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import output
from pipeline.cli.models.watched import watched
from pipeline.settings import Settings, SettingsError
from serving.client import TLS, TaggerError, VersionStatus
from serving.registry import label_history, model_config
from serving.registry.errors import ChangeFailed, Refused
from serving.registry.manifest import BrokenManifest
from serving.registry.model_config import ModelConfig, Served
from serving.registry.overview import Row, rows

_UNITS = ("B", "kB", "MB", "GB", "TB")
# Not the patience of a change: who lists wants to see the list.
_ANSWER_SECONDS = 2.0


def show(settings: Settings, *, target: str, tls: TLS | bool, as_json: bool) -> None:
    """Print the versions on the disk, in the config and at the server."""
    folder = settings.with_absolute_paths().models_dir
    config = _config(settings)
    notes = []
    try:
        served = config.served
    except Refused as error:
        served = Served(None, config.labels)
        notes.append(str(error))
    statuses: dict[int, VersionStatus] | None = None
    try:
        with watched(target, settings.name, tls=tls, timeout=_ANSWER_SECONDS) as server:
            statuses = server.statuses()
    except TaggerError as error:
        notes.append(str(error))
    if served.versions and not served.labels:
        notes.append(
            "versions without a label: a first promote did not come to its end; run it again, or "
            "`tagline models follow`"
        )
    notes += [_unreadable(folder, line) for line in label_history.read(folder).unreadable]
    try:
        found = rows(folder, served, statuses)
    except BrokenManifest as error:
        raise SettingsError(str(error)) from error
    if as_json:
        document = {
            "model": settings.name,
            "folder": str(folder),
            "serves": "newest" if served.versions is None else list(served.versions),
            "labels": dict(served.labels),
            "server": {"target": target, "answers": statuses is not None},
            "versions": [asdict(row) for row in found],
            "notes": notes,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = output()
    if not found:
        console.print(f"nothing is pushed to {folder}; `tagline run` pushes", markup=False, soft_wrap=True)
        return
    console.print(f"{settings.name} in {folder}: {served}", markup=False, soft_wrap=True)
    console.print(_table(found))
    for row in found:
        if row.error:
            console.print(f"[red]version {row.version}[/] {escape(row.error)}", soft_wrap=True)
        if row.forced:
            console.print(
                f"[yellow]version {row.version}[/] was pushed against the verdict: {escape(row.forced)}",
                soft_wrap=True,
            )
    for note in notes:
        console.print(f"[yellow]{escape(note)}[/]", soft_wrap=True)


def show_history(settings: Settings, *, as_json: bool) -> None:
    """Print every change of a label."""
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
            came, went = ("" if number is None else str(number) for number in (change.before, change.version))
            at = change.at.removesuffix("+00:00")
            cells = (at, change.change, change.label, came, went, change.user, change.reason)
            table.add_row(*map(escape, cells))
        output().print(table)
    for line in read.unreadable:
        Console(stderr=True, highlight=False).print(
            _unreadable(folder, line), style="yellow", markup=False, soft_wrap=True
        )


def show_config(settings: Settings, *, base_path: str | None, write: bool) -> None:
    """Print the config file, or what it would be; for a server that sees the folder under `base_path`."""
    if base_path is not None and not base_path.startswith("/") and "://" not in base_path:
        raise SettingsError(f"--base-path: found {base_path!r}; expected an absolute path or a URI")
    folder = settings.with_absolute_paths().models_dir
    try:
        # Read within the lock: a change that goes on must not be undone.
        with model_config.locked(folder) if write else contextlib.nullcontext():
            config = _config(settings)
            if base_path is not None:
                config = config.based_on(base_path)
            if write:
                model_config.write(folder, config)
    except (ChangeFailed, OSError) as error:
        Console(stderr=True, highlight=False).print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    print(config.text(), end="")


def _config(settings: Settings) -> ModelConfig:
    try:
        return model_config.read(settings.with_absolute_paths().models_dir, settings.name)
    except Refused as error:
        raise SettingsError(str(error)) from error


def _table(found: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("version", justify="right")
    for column in ("pushed at", "score on test"):
        table.add_column(column)
    table.add_column("size", justify="right")
    for column in ("state", "labels"):
        table.add_column(column)
    for row in found:
        table.add_row(
            str(row.version),
            escape(row.pushed_at) or "not by tagline",
            "" if row.score is None else f"{row.score:.4f}",
            "" if row.bytes is None else _readable(row.bytes),
            row.state,
            escape(", ".join(row.labels)),
        )
    return table


def _readable(size: int) -> str:
    amount, unit = float(size), _UNITS[0]
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def _unreadable(folder: Path, line: int) -> str:
    return f"{folder / label_history.FILE}:{line}: not a change; its writer was stopped, or it was edited"
