"""The page that compares two runs: scores, sentences, training, data, rules and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.metrics.display_names import display_name
from components.report.comparison.scores import Row, SlicePair, paired, slices_of, unpaired
from components.report.comparison.sentences import SentenceComparison, compare_sentences
from components.report.html.environment import LabelColours, environment
from components.report.plots.curve import curves
from components.scores.analysis import OVERALL, Analysis
from components.scores.measure import measure
from components.scores.options import ScoreOptions
from components.scores.slice_scores import BASELINE, CANDIDATE
from components.verdict import Rule, Verdict
from tagging.schemes import Scheme

_TEMPLATE = Path(__file__).with_name("comparison.html")


@dataclass(frozen=True)
class Side:
    """One of the two runs; it lacks what is None.

    Attributes:
        name: short, such as the beginning of its id.
        run_id: the whole id.
        began: date and time as text.
        ending: `pushed`, `refused`, `broken` ...
        verdict: the same in a sentence.
        settings: all settings in effect, nested.
        corpus: CorpusGen's summary.
        history: the training's epochs, as `trainer.training.history.History` writes them.
        analysis: ModelGate's scores.
        metrics: scores of the whole test split by key, for a run without an analysis.
        gate: ModelGate's verdict.
        answers: the model's answers to the test split.
        report: the page about the run.
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
    """A rule in both verdicts; None where a verdict lacks it."""

    name: str
    first: Rule | None
    second: Rule | None


@dataclass(frozen=True)
class Comparison:
    """The data of the page.

    Attributes:
        primary: the primary metric; empty without scores.
        overall, labels, slices: scores; slices by the primary metric, or by recall where they lack it.
        paired: whether both runs answered the same sentences, so that differences have intervals.
        level: of those intervals.
        sentences: the answers compared; None unless paired.
        settings: (key, first, second) of settings that differ.
        splits: (name, first, second).
        only_first, only_second: labels that the train split of one run alone has.
        rules: of both verdicts, those of the second first.
    """

    first: Side
    second: Side
    primary: str
    overall: list[Row]
    labels: list[Row]
    slices: list[Row]
    paired: bool
    level: float
    sentences: SentenceComparison | None
    settings: list[tuple[str, str, str]]
    splits: list[tuple[str, SplitCounts | None, SplitCounts | None]]
    only_first: list[str]
    only_second: list[str]
    rules: list[RulePair]

    @property
    def same_data(self) -> bool:
        """Whether both runs read the same corpus."""
        one, other = self.first.corpus, self.second.corpus
        return one is not None and other is not None and one.fingerprint == other.fingerprint

    @property
    def headline(self) -> Row | None:
        """The primary score."""
        return next((row for row in self.overall if row.name == self.primary), None)


def compare(first: Side, second: Side, scheme: Scheme, options: ScoreOptions) -> Comparison:
    """Compare the second run with the first.

    Args:
        first: the run to compare with, usually the older one.
        second: the run in question.
        scheme: that both models train in.
        options: slices, level and resamples of the intervals; usually the second run's own.
    """
    sentences = None
    if first.answers and second.answers:
        sentences = compare_sentences(first.answers, second.answers, scheme)
    if sentences and first.answers and second.answers:
        files = {CANDIDATE: second.answers, BASELINE: first.answers}
        slices = paired(measure(files, scheme, options).analysis)
    else:
        slices = unpaired(*(slices_of(side.analysis, side.metrics) for side in (first, second)))
    whole = slices[0] if slices else SlicePair(OVERALL, 0, [])
    one, other = (
        set(side.corpus.splits["train"].entities) if side.corpus else set() for side in (first, second)
    )
    return Comparison(
        first=first,
        second=second,
        primary=whole.primary,
        overall=whole.overall,
        labels=whole.labels,
        slices=[row for each in slices[1:] if (row := each.summary(whole.primary))],
        paired=sentences is not None,
        level=options.level,
        sentences=sentences,
        settings=differing_settings(first.settings, second.settings),
        splits=_splits(first.corpus, second.corpus),
        only_first=sorted(one - other),
        only_second=sorted(other - one),
        rules=_rules(first.gate, second.gate),
    )


def differing_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List (dotted key, first, second) of settings that differ, in the second's order."""
    one, other = dict(_flat(first)), dict(_flat(second))
    keys = [*other, *(key for key in one if key not in other)]
    return [(key, one.get(key, ""), other.get(key, "")) for key in keys if one.get(key) != other.get(key)]


def render(comparison: Comparison) -> str:
    """Render the page as HTML; everything that comes from data is escaped."""
    labels = {row.name.partition("/")[2] for row in comparison.labels}
    if comparison.sentences:
        for shown in (*comparison.sentences.lost, *comparison.sentences.won):
            labels |= {segment.label for tagging in shown.taggings for segment in tagging.segments}
    templates = environment(_TEMPLATE.parent)
    templates.globals["display_name"] = display_name
    return templates.get_template(_TEMPLATE.name).render(
        it=comparison,
        sides=(("first", comparison.first), ("second", comparison.second)),
        plots=_plots(comparison.first, comparison.second),
        colour=LabelColours(labels - {""}),
    )


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


def _plots(first: Side, second: Side) -> list[Markup]:
    """Plot loss, dev score and learning rate of both runs over epochs."""
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
