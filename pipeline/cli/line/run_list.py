"""`tagline report --list`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import msgspec
from rich.markup import escape
from rich.table import Table

from components.metrics.display_names import display_name
from pipeline.cli.console import output, short_path
from pipeline.runs.history import PastRun, past_runs
from pipeline.settings import METADATA, Settings, SettingsError


def runs_of(settings: Settings) -> list[PastRun]:
    """Read all runs of a pipeline, the newest first.

    Raises:
        SettingsError: the pipeline has never run.
    """
    runs = past_runs(settings.run_dir / METADATA)
    if not runs:
        raise SettingsError(
            f"{settings.run_dir}: no run there; `tagline run` with the same settings starts one"
        )
    return runs


def print_list(settings: Settings, *, as_json: bool) -> None:
    """Print every run with its data, scores and verdict."""
    runs = runs_of(settings)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode([_record(run) for run in runs]), indent=2).decode())
        return
    console = output()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "began", "data"):
        table.add_column(column, no_wrap=True)
    for column in ("model", "test", "dev"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    now = datetime.now(timezone.utc)
    for run, short in zip(runs, short_ids([run.run_id for run in runs]), strict=True):
        style = {"pushed": "green", "forced": "red", "refused": "yellow", "broken": "red"}.get(run.ending, "")
        verdict = escape(run.verdict)
        table.add_row(
            short,
            _ago(now - run.began) if now > run.began else "now",
            run.fingerprint[:8],
            "" if run.model is None else str(run.model),
            _score(run.test),
            _score(run.dev),
            f"[{style}]{verdict}[/]" if style else verdict,
        )
    console.print(table)
    metrics = sorted({display_name(run.primary) for run in runs if run.primary})
    if metrics:
        console.print(f"\ntest and dev: {', '.join(metrics)}")
    if any(run.test is None and run.model is not None for run in runs):
        console.print("without a score on test: a run that stopped before it")
    for run, short in zip(runs, short_ids([run.run_id for run in runs]), strict=True):
        if run.report:
            console.print(f"report of {short}  {short_path(run.report)}", soft_wrap=True, markup=False)


def short_ids(ids: Sequence[str]) -> list[str]:
    """Cut each id to the second, where that is unambiguous."""
    cut = [text.partition(".")[0] for text in ids]
    return [short if cut.count(short) == 1 else text for short, text in zip(cut, ids, strict=True)]


def _record(run: PastRun) -> dict[str, object]:
    return {
        "run": run.run_id,
        "began": run.began.isoformat(timespec="seconds"),
        "data_fingerprint": run.fingerprint,
        "model": run.model,
        "metric": run.primary,
        "test": run.test,
        "dev": run.dev,
        "ending": run.ending,
        "version": run.version,
        "verdict": run.verdict,
        "report": str(run.report) if run.report else None,
    }


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _ago(since: timedelta) -> str:
    seconds = since.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
