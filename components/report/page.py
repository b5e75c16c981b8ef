"""The page as a function of what is known about a run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from components.metrics.display_names import display_name
from components.report import scores, standing
from components.report.answers import confusion
from components.report.answers.marking import mark
from components.report.plots import bars
from components.report.plots.curve import curve
from components.report.plots.heat_map import HeatMap, heat_map
from components.report.plots.ranges import ranges
from components.report.plots.reliability import reliability
from components.report.run import Run
from components.report.text import shortened, visible
from components.scores.analysis import Analysis, Calibration, Estimate
from tagging.schemes import scheme_named

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_COLOURS = 12


def render(run: Run) -> str:
    """The page as HTML; everything that came from data is escaped. The same run gives the same bytes."""
    script = _TEMPLATES.joinpath("report.js").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible,
        "shortened": shortened,
        "number": _number,
        "score": _score,
        "signed": _signed,
        "interval": _interval,
        "seconds": _seconds,
    }
    environment.globals |= {"link": confusion.link, "any_of": scores.any_of}
    return environment.get_template("page.html").render(
        run=run,
        style=Markup(_HERE.joinpath("style.css").read_text(encoding="utf-8")),
        script=Markup(script),
        # Nothing else runs, and nothing is fetched, whatever the data say.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        colour=_colours(run),
        **_verdict(run),
        **_data(run),
        **_training(run),
        **_scores(run),
        **_errors(run),
        heat_map=_heat_map(run),
        total_seconds=sum(timing.seconds or 0.0 for timing in run.timings),
        longest=max((timing.seconds or 0.0 for timing in run.timings), default=0.0) or 1.0,
    )


def _verdict(run: Run) -> dict[str, Any]:
    rows = standing.rule_rows(run.verdict, run.serving)
    return {"rules": rows, "states": standing.counted(rows), "primary": _primary(run)}


def _primary(run: Run) -> scores.Row | None:
    return scores.overall_rows(run.analysis)[0] if run.analysis else None


def _data(run: Run) -> dict[str, Any]:
    splits = run.corpus.splits
    counts = {name: split.tags if run.plain else split.entities for name, split in splits.items()}
    every: Counter[str] = Counter()
    for counted in counts.values():
        every.update(counted)
    labels = sorted(every, key=lambda label: (-every[label], label))
    return {
        "labels": labels,
        "label_counts": counts,
        "labels_plot": bars.labels(counts, labels, name="labels") if labels else None,
        "lengths_plot": bars.lengths(run.lengths, name="lengths") if any(run.lengths.values()) else None,
        "unlisted": sum(run.corpus_verdict.report.counts.values()) - len(run.corpus_verdict.report.findings),
    }


def _training(run: Run) -> dict[str, Any]:
    epochs, best = run.history["epochs"], run.history["best"]
    metric = f"{display_name(run.history['metric'])} on dev"
    titles = {"loss": "loss, nats a sentence", "dev_score": metric, "learning_rate": "learning rate"}
    return {
        "dev_metric": metric,
        "seed_rows": [
            (one["seed"], one["epochs"][one["best"] - 1]["dev_score"], one["best"], len(one["epochs"]))
            for one in (run.seeds["seeds"] if run.seeds else ())
        ],
        "curves": [
            curve(
                [epoch[key] for epoch in epochs],
                title,
                name=key.replace("_", "-"),
                best=best,
                tell=key == "dev_score",
            )
            for key, title in titles.items()
            if epochs and all(key in epoch for epoch in epochs)
        ],
    }


def _scores(run: Run) -> dict[str, Any]:
    if run.analysis is None:
        return {"analysis": None}
    analysis = run.analysis
    whole = analysis.overall.candidate[analysis.primary].value
    gold: Counter[str] = Counter()
    for (_, label, _), count in (run.examined.counts if run.examined else {}).items():
        gold[label] += count
    by_label = scores.label_rows(analysis, gold)
    groups = scores.slice_groups(analysis)
    plot = partial(ranges, level=analysis.level)
    return {
        "analysis": analysis,
        "primary_name": display_name(analysis.primary),
        "overall_rows": scores.overall_rows(analysis),
        "partial_rows": scores.partial_rows(analysis),
        "label_rows": by_label,
        "labels_scored": plot(by_label, "F1 by tag" if run.plain else "F1 by type", name="by-label")
        if by_label
        else None,
        "slice_groups": {
            cut_by: (
                rows,
                plot(rows, _slice_title(rows, analysis), name=f"slice-{index}", whole=_line_at(rows, whole)),
            )
            for index, (cut_by, rows) in enumerate(groups.items())
        },
        "calibrations": [
            (what, found, reliability(found.bins, title, name=f"calibration-{what}", what=what))
            for what, title, found in (
                ("tokens", "confidence of tokens", analysis.token_calibration),
                ("entities", "confidence of entities", analysis.entity_calibration),
            )
            if isinstance(found, Calibration) and found.bins
        ],
    }


def _slice_title(rows: list[scores.Row], analysis: Analysis) -> str:
    return next((row.told for row in rows if row.told), display_name(analysis.primary))


def _line_at(rows: list[scores.Row], whole: float) -> float | None:
    return None if any(row.told for row in rows) else whole


def _errors(run: Run) -> dict[str, Any]:
    examined = run.examined
    if examined is None:
        return {"examined": None}
    listed = [*examined.worst, *examined.more]
    cells = {cell for cell in examined.counts if cell[0] != "correct"}
    return {
        "examined": examined,
        "kinds": confusion.kinds(examined),
        "matrix": confusion.matrix(examined) if examined.counts else None,
        "errors": [(error, mark(error.answer, examined.scheme, around=error.finding)) for error in listed],
        "decodes": [
            (drawn, mark(drawn.answer, examined.scheme))
            for drawn in sorted([*examined.right, *examined.wrong], key=lambda drawn: drawn.number)
        ],
        "gold_labels": sorted({gold for _, gold, _ in cells if gold}),
        "predicted_labels": sorted({predicted for _, _, predicted in cells if predicted}),
        # In a script element, "<" could end it.
        "totals": Markup(
            json.dumps([[*cell, count] for cell, count in confusion.totals(examined)]).replace("<", "\\u003c")
        ),
    }


def _heat_map(run: Run) -> HeatMap | None:
    if run.transitions is None or not run.transitions.tags:
        return None
    train = run.corpus.splits.get("train")
    return heat_map(
        run.transitions,
        scheme=scheme_named(run.corpus.train_scheme),
        frequency=train.tags if train else {},
        name="transitions",
    )


def _colours(run: Run) -> Mapping[str, int]:
    """A number of the style's twelve for each label, in the order of the alphabet."""
    labels: set[str] = set()
    for split in run.corpus.splits.values():
        labels |= set(split.tags if run.plain else split.entities)
    if run.examined:
        labels |= {label for _, *pair in run.examined.counts for label in pair}
    return _Numbered(sorted(labels))


class _Numbered(dict[str, int]):
    def __init__(self, names: Iterable[str]) -> None:
        super().__init__((name, index % _COLOURS) for index, name in enumerate(names))

    def __missing__(self, name: str) -> int:
        return 0


def _number(value: float) -> str:
    return f"{int(value):,}"


def _score(value: Estimate | float | None, digits: int = 4) -> str:
    if value is None:
        return ""
    return f"{value.value if isinstance(value, Estimate) else value:.{digits}f}"


def _signed(value: Estimate | None) -> str:
    return "" if value is None else f"{value.value:+.4f}".replace("-", "−")


def _interval(value: Estimate | None, digits: int = 3) -> str:
    """Empty where there is none, and where it is a point: a single sentence has nothing to differ from."""
    if value is None or value.low is None or value.high is None or value.low == value.high:
        return ""
    return f"{value.low:.{digits}f} to {value.high:.{digits}f}".replace("-", "−")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
