"""`tagline report --compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml
from rich.markup import escape
from rich.table import Table

from components.corpus_gen.summary import FILE_NAME as CORPUS
from components.corpus_gen.summary import CorpusSummary
from components.metrics.display_names import display_name
from components.model_gate.options import Evaluation
from components.predictor.answer import CANDIDATE
from components.report.comparison.page import Comparison, Row, Side, compare, render
from files import atomic
from pipeline.cli.console import output
from pipeline.cli.line.run_list import runs_of, short_ids
from pipeline.runs.history import PastRun, analysis_of, file_of, find_run, history_of, verdict_of
from pipeline.settings import Settings, SettingsError
from serving.registry.manifest import BrokenManifest, manifest
from tagging.schemes import scheme_named


def write_comparison(settings: Settings, first: str, second: str) -> Path:
    """Write the page about two runs, print a short table, and return the page's path.

    Raises:
        SettingsError: no such run, or the same one twice.
    """
    runs = runs_of(settings)
    one, other = find_run(runs, first), find_run(runs, second)
    if one is other:
        raise SettingsError(f"{first} and {second} are the same run, {one.run_id}; expected two")
    names = dict(zip([run.run_id for run in runs], short_ids([run.run_id for run in runs]), strict=True))
    before, after = (_side(run, names[run.run_id]) for run in (one, other))
    scheme = next((side.corpus.train_scheme for side in (after, before) if side.corpus), "BIO")
    comparison = compare(before, after, scheme_named(scheme), _options(after, settings).scores)
    path = settings.run_dir.absolute() / "comparisons" / f"{_file(before.name)}_{_file(after.name)}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, render(comparison))
    _print(comparison)
    return path


def _side(run: PastRun, name: str) -> Side:
    steps = run.steps.steps
    corpus = file_of(steps.get("CorpusGen"), "examples", CORPUS)
    answers = file_of(steps.get("Predictor"), "predictions", CANDIDATE)
    return Side(
        name=name,
        run_id=run.run_id,
        began=f"{run.began:%Y-%m-%d %H:%M} UTC",
        ending=run.ending,
        verdict=run.verdict,
        settings=_settings_of(run),
        corpus=CorpusSummary.from_json(corpus.read_bytes()) if corpus and corpus.exists() else None,
        history=history_of(run.steps),
        analysis=analysis_of(run.steps),
        metrics=_pushed_metrics(run),
        gate=verdict_of(run.steps),
        answers=answers if answers and answers.exists() else None,
        report=run.report,
    )


def _options(side: Side, settings: Settings) -> Evaluation:
    """How the run was measured; for one that stopped before its settings were recorded, the current settings."""
    try:
        return msgspec.convert(side.settings.get("evaluation"), Evaluation)
    except msgspec.ValidationError:
        return settings.evaluation


def _settings_of(run: PastRun) -> dict[str, Any]:
    """The settings of a run, from the parameters of its last components; empty for one that stopped before them."""
    for component in ("Report", "AtomicPusher"):
        step = run.steps.steps.get(component)
        text = step.parameters.get("settings") if step else None
        if text:
            settings = yaml.safe_load(text)
            return settings if isinstance(settings, dict) else {}
    return {}


def _pushed_metrics(run: PastRun) -> dict[str, float] | None:
    pushed = run.steps.steps.get("AtomicPusher")
    models = pushed.outputs.get("pushed_model", []) if pushed else []
    try:
        about = manifest(Path(str(models[0].properties["pushed_destination"]))) if models else {}
    except (KeyError, BrokenManifest):
        return None
    return about.get("metrics")


def _print(comparison: Comparison) -> None:
    console = output()
    for which, side in (("first", comparison.first), ("second", comparison.second)):
        console.print(f"{which:<7} [bold]{escape(side.name)}[/]  {escape(side.verdict)}", soft_wrap=True)
    if comparison.settings:
        changes = ", ".join(
            f"{key} {one or 'unset'} -> {other or 'unset'}" for key, one, other in comparison.settings[:5]
        )
        more = len(comparison.settings) - 5
        console.print(f"settings {escape(changes)}{f' and {more} more' if more > 0 else ''}", soft_wrap=True)
    if not comparison.same_data:
        console.print("data    not the same")
    if not comparison.overall:
        console.print("scores  of neither run can be read")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("on test")
    for column in ("first", "second", "difference"):
        table.add_column(column, justify="right")
    for row in [*comparison.overall[:1], *comparison.labels]:
        table.add_row(escape(display_name(row.name)), *_cells(row))
    console.print(table)
    if comparison.sentences:
        right = comparison.sentences
        console.print(
            f"sentences right: both {right.both:,}, the first alone {right.first_only:,}, the second alone "
            f"{right.second_only:,}, neither {right.neither:,}"
        )


def _cells(row: Row) -> tuple[str, str, str]:
    first, second = ("" if score is None else f"{score.value:.4f}" for score in (row.first, row.second))
    estimate = row.difference
    difference = "" if estimate is None else f"{estimate.value:+.4f}"
    if estimate is not None and estimate.low is not None and estimate.high is not None:
        difference += f" ({estimate.low:+.4f} to {estimate.high:+.4f})"
    return first, second, difference


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-." else "" for letter in name)
