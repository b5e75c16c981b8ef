"""Rendering the page about a run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from components.metrics.display_names import display_name
from components.report.errors import confusion
from components.report.errors.marking import mark
from components.report.html.environment import LabelColours, environment
from components.report.plots import bars
from components.report.plots.curve import curves
from components.report.plots.heat_map import heat_map
from components.report.plots.intervals import interval_plot
from components.report.plots.reliability import reliability
from components.report.run_page.run import Run
from components.report.tables import scores
from components.report.tables.rules import rule_rows, state_counts
from tagging.schemes import scheme_named

_TEMPLATES = Path(__file__).parent / "templates"


def render(run: Run) -> str:
    """Render the page as HTML; everything that comes from data is escaped. The same run gives the same bytes."""
    script = _TEMPLATES.joinpath("report.js").read_text(encoding="utf-8")
    templates = environment(_TEMPLATES)
    templates.globals |= {"link": confusion.link, "any_of": scores.any_of}
    return templates.get_template("page.html").render(
        run=run,
        script=Markup(script),
        # Lets this script run and no other, whatever the data contain.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        colour=_colours(run),
        **_verdict(run),
        **_data(run),
        **_training(run),
        **_scores(run),
        **_errors(run),
        heat_map=heat_map(
            run.transitions,
            scheme=scheme_named(run.corpus.train_scheme),
            frequency=run.corpus.splits["train"].tags if "train" in run.corpus.splits else {},
            name="transitions",
        ),
        total_seconds=sum(timing.seconds or 0.0 for timing in run.timings),
        longest=max((timing.seconds or 0.0 for timing in run.timings), default=0.0) or 1.0,
    )


def _colours(run: Run) -> LabelColours:
    labels: set[str] = set()
    for split in run.corpus.splits.values():
        labels |= set(split.tags if run.plain else split.entities)
    return LabelColours(labels | {label for _, *pair in run.errors.counts for label in pair})


def _verdict(run: Run) -> dict[str, Any]:
    rows = rule_rows(run.verdict, run.serving)
    return {"rules": rows, "states": state_counts(rows), "primary": scores.overall_rows(run.analysis)[0]}


def _data(run: Run) -> dict[str, Any]:
    splits = run.corpus.splits
    counts = {name: split.tags if run.plain else split.entities for name, split in splits.items()}
    totals: Counter[str] = Counter()
    for split_counts in counts.values():
        totals.update(split_counts)
    labels = sorted(totals, key=lambda label: (-totals[label], label))
    return {
        "labels": labels,
        "label_counts": counts,
        "labels_plot": bars.labels(counts, labels, name="labels") if labels else None,
        "lengths_plot": bars.lengths(run.lengths, name="lengths") if any(run.lengths.values()) else None,
        "unlisted": sum(run.corpus_verdict.report.counts.values()) - len(run.corpus_verdict.report.findings),
    }


def _training(run: Run) -> dict[str, Any]:
    epochs = run.history["epochs"]
    metric = f"{display_name(run.history['metric'])} on dev"
    titles = {"loss": "loss, nats a sentence", "dev_score": metric, "learning_rate": "learning rate"}
    return {
        "dev_metric": metric,
        "seed_rows": [
            (one["seed"], one["epochs"][one["best"] - 1]["dev_score"], one["best"], len(one["epochs"]))
            for one in (run.seeds["seeds"] if run.seeds else ())
        ],
        "curves": [
            curves(
                {"": [epoch[key] for epoch in epochs]},
                title,
                name=key.replace("_", "-"),
                best={"": run.history["best"]},
                show_values=key == "dev_score",
            )
            for key, title in titles.items()
            if epochs and all(key in epoch for epoch in epochs)
        ],
    }


def _scores(run: Run) -> dict[str, Any]:
    analysis = run.analysis
    gold: Counter[str] = Counter()
    for (_, label, _), count in run.errors.counts.items():
        gold[label] += count
    by_label = scores.label_rows(analysis, gold)
    plot = partial(interval_plot, level=analysis.level)
    return {
        "analysis": analysis,
        "primary_name": display_name(analysis.primary),
        "overall_rows": scores.overall_rows(analysis),
        "partial_rows": scores.partial_rows(analysis),
        "label_rows": by_label,
        "label_plot": plot(by_label, "F1 by tag" if run.plain else "F1 by type", name="by-label")
        if by_label
        else None,
        "slice_groups": {
            cut_by: (rows, _slice_plot(run, rows, name=f"slice-{index}"))
            for index, (cut_by, rows) in enumerate(scores.slice_groups(analysis).items())
        },
        "calibrations": [
            (unit, calibration, reliability(calibration.bins, title, name=f"calibration-{unit}", what=unit))
            for unit, title, calibration in (
                ("tokens", "confidence of tokens", analysis.token_calibration),
                ("entities", "confidence of entities", analysis.entity_calibration),
            )
            if calibration and calibration.bins
        ],
    }


def _slice_plot(run: Run, rows: list[scores.Row], *, name: str) -> Markup:
    """Plot a group of slices, with a line at the whole test split if they have the primary metric."""
    analysis = run.analysis
    other_metric = next((row.note for row in rows if row.note), "")
    return interval_plot(
        rows,
        other_metric or display_name(analysis.primary),
        name=name,
        whole=None if other_metric else analysis.overall.candidate[analysis.primary].value,
        level=analysis.level,
    )


def _errors(run: Run) -> dict[str, Any]:
    found = run.errors
    cells = {cell for cell in found.counts if cell[0] != "correct"}
    return {
        "kinds": confusion.kinds(found),
        "matrix": confusion.matrix(found) if found.counts else None,
        "listed_errors": [
            (error, mark(error.answer, found.scheme, around=error.finding))
            for error in [*found.worst, *found.more]
        ],
        "examples": [
            (example, mark(example.answer, found.scheme))
            for example in sorted([*found.right, *found.wrong], key=lambda example: example.number)
        ],
        "gold_labels": sorted({gold for _, gold, _ in cells if gold}),
        "predicted_labels": sorted({predicted for _, _, predicted in cells if predicted}),
        # In a script element, "<" could end it.
        "totals": Markup(
            json.dumps([[*cell, count] for cell, count in confusion.totals(found)]).replace("<", "\\u003c")
        ),
    }
