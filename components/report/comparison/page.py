"""Two runs side by side, as one page: what was asked of each, what came out, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.metrics.display_names import display_name
from components.report.comparison.scores import Row, TwoScores, of_apart, of_pairs, slices_of
from components.report.comparison.side_by_side import SideBySide, side_by_side
from components.report.plots.curve import curves
from components.scores.analysis import OVERALL, Analysis
from components.scores.measure import measure
from components.scores.options import ScoreOptions
from components.scores.slice_scores import BASELINE, CANDIDATE
from components.verdict import Rule, Verdict
from tagging.schemes import Scheme

_TEMPLATE = Path(__file__).with_name("comparison.html")
_STYLE = Path(__file__).parents[1] / "style.css"
_COLOURS = 12


@dataclass(frozen=True)
class Side:
    """A run, as far as its artifacts tell; what is None it does not have.

    Attributes:
        name: short, such as the beginning of its id.
        run_id: all of it.
        began: when, in words.
        ending: what became of its model, in a word: `pushed`, `refused` ...
        verdict: the same in a sentence.
        settings: all settings in effect, nested.
        corpus: CorpusGen's summary.
        history: the training's epochs, as `trainer.training.history.History` writes them.
        analysis: what ModelGate measured.
        metrics: scores of the whole test split by key, where there is no analysis.
        gate: ModelGate's verdict.
        answers: the model's answers to the test split.
        report: the run's own page.
    """

    name: str
    run_id: str
    began: str
    ending: str
    verdict: str
    settings: Mapping[str, Any]
    corpus: CorpusSummary | None = None
    history: Mapping[str, Any] | None = None
    analysis: Analysis | None = None
    metrics: Mapping[str, float] | None = None
    gate: Verdict | None = None
    answers: Path | None = None
    report: Path | None = None


class RulePair(NamedTuple):
    """What the gate asked of both; None where it did not ask."""

    name: str
    first: Rule | None
    second: Rule | None


@dataclass(frozen=True)
class Comparison:
    """What the page tells.

    Attributes:
        primary: the metric that the gate goes by; empty if no score is known.
        overall, labels, slices: scores; slices by the primary metric, or recall where they have no other.
        paired: whether both answered the same sentences, so that differences have intervals.
        level: of those intervals.
        sentences: where they disagree; None unless paired.
        settings: (key, first, second) of those that differ.
        splits: (name, first, second).
        only_first, only_second: labels that train has in one alone.
        rules: of both gates, those of the second first.
    """

    first: Side
    second: Side
    primary: str
    overall: list[Row]
    labels: list[Row]
    slices: list[Row]
    paired: bool
    level: float
    sentences: SideBySide | None
    settings: list[tuple[str, str, str]]
    splits: list[tuple[str, SplitCounts | None, SplitCounts | None]]
    only_first: list[str]
    only_second: list[str]
    rules: list[RulePair]

    @property
    def same_data(self) -> bool:
        """Whether both were made of the same corpus."""
        one, other = self.first.corpus, self.second.corpus
        return one is not None and other is not None and one.fingerprint == other.fingerprint

    @property
    def headline(self) -> Row | None:
        """The primary score."""
        return next((row for row in self.overall if row.name == self.primary), None)


def compare(first: Side, second: Side, scheme: Scheme, options: ScoreOptions) -> Comparison:
    """Hold the second against the first.

    Args:
        first: the run to be compared with, the older as a rule.
        second: the run in question.
        scheme: that both models train in.
        options: slices, level and resamples of the intervals; the second run's own, as a rule.
    """
    sentences = None
    paired = None
    if first.answers and second.answers:
        sentences = side_by_side(first.answers, second.answers, scheme)
        if sentences is not None:
            files = {CANDIDATE: second.answers, BASELINE: first.answers}
            paired = measure(files, scheme, options).analysis
    if paired is not None:
        slices = of_pairs(paired)
    else:
        slices = of_apart(*(slices_of(side.analysis, side.metrics) for side in (first, second)))
    whole = slices[0] if slices else TwoScores(OVERALL, 0, [])
    one, other = (
        set(side.corpus.splits["train"].entities) if side.corpus else set() for side in (first, second)
    )
    return Comparison(
        first=first,
        second=second,
        primary=whole.primary,
        overall=whole.whole,
        labels=whole.labels,
        slices=[row for each in slices[1:] if (row := each.told_by(whole.primary))],
        paired=paired is not None,
        level=options.level,
        sentences=sentences,
        settings=differing_settings(first.settings, second.settings),
        splits=_splits(first.corpus, second.corpus),
        only_first=sorted(one - other),
        only_second=sorted(other - one),
        rules=_rules(first.gate, second.gate),
    )


def differing_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(dotted key, first, second) of the settings that are not the same, in the second's order."""
    one, other = dict(_flat(first)), dict(_flat(second))
    keys = [*other, *(key for key in one if key not in other)]
    return [(key, one.get(key, ""), other.get(key, "")) for key in keys if one.get(key) != other.get(key)]


def render(comparison: Comparison) -> str:
    """The page as HTML; everything that came from data is escaped."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    labels = {row.name.partition("/")[2] for row in comparison.labels}
    if comparison.sentences:
        for shown in (*comparison.sentences.lost, *comparison.sentences.won):
            labels |= {segment.label for reading in shown.readings for segment in reading.segments}
    colours = {label: index % _COLOURS for index, label in enumerate(sorted(labels - {""}))}
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        it=comparison,
        sides=(("first", comparison.first), ("second", comparison.second)),
        style=Markup(_STYLE.read_text(encoding="utf-8")),
        plots=_plots(comparison.first, comparison.second),
        colour=lambda label: f"colour-{colours[label]}",
        breakable=_breakable,
        display_name=display_name,
    )


def _breakable(name: str) -> Markup:
    """A name such as `entity_f1_strict`, which a narrow screen may break behind an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", "null" if value is None else str(value)


def _splits(
    first: CorpusSummary | None, second: CorpusSummary | None
) -> list[tuple[str, SplitCounts | None, SplitCounts | None]]:
    one, other = (dict(side.splits) if side else {} for side in (first, second))
    return [
        (name, one.get(name), other.get(name))
        for name in [*other, *(name for name in one if name not in other)]
    ]


def _rules(first: Verdict | None, second: Verdict | None) -> list[RulePair]:
    def keyed(verdict: Verdict | None) -> dict[str, Rule]:
        rules = verdict.rules if verdict else []
        return {
            " ".join(filter(None, (rule.name, rule.metric, rule.slice and f"({rule.slice})"))): rule
            for rule in rules
        }

    one, other = keyed(first), keyed(second)
    return [
        RulePair(name, one.get(name), other.get(name))
        for name in [*other, *(name for name in one if name not in other)]
    ]


def _plots(first: Side, second: Side) -> list[Any]:
    """Loss, dev score and learning rate over epochs, both in each."""
    histories = [
        (side.name, side.history) for side in (first, second) if side.history and side.history["epochs"]
    ]
    if not histories:
        return []
    best = {name: history["best"] for name, history in histories}
    plots = []
    for key, title in (
        ("loss", "training loss (nats a sentence)"),
        ("dev_score", "score on dev"),
        ("learning_rate", "learning rate"),
    ):
        lines = {name: [epoch[key] for epoch in history["epochs"]] for name, history in histories}
        plots.append(
            curves(lines, title, name=key.replace("_", "-"), best=best if key == "dev_score" else None)
        )
    return plots
