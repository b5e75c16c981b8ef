"""Scores of two runs beside each other, by slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from components.metrics.display_names import display_name
from components.metrics.names import PRIMARY, PRIMARY_OF_ENTITIES, PRIMARY_OF_PLAIN_TAGS
from components.report.scores import INSTEAD
from components.scores.analysis import OVERALL, Analysis, Estimate, Slice

# Sentences and scores of a run, by slice.
Slices = dict[str, tuple[int, dict[str, Estimate]]]


class Row(NamedTuple):
    """A score of both; `difference` is the second's less the first's, with an interval on the same sentences."""

    name: str
    first: Estimate | None
    second: Estimate | None
    difference: Estimate | None
    sentences: int | None = None


class TwoScores(NamedTuple):
    """A slice of both."""

    name: str
    sentences: int
    rows: list[Row]

    @property
    def whole(self) -> list[Row]:
        """Scores of all labels together, the primary one first."""
        primary = self.primary
        rows = [row for row in self.rows if "/" not in row.name and row.name != PRIMARY]
        return sorted(rows, key=lambda row: row.name != primary)

    @property
    def labels(self) -> list[Row]:
        """F1 by label (of plain tags, by tag), by name."""
        kinds = (f"{PRIMARY_OF_ENTITIES}/", "tag_f1/")
        return sorted((row for row in self.rows if row.name.startswith(kinds)), key=lambda row: row.name)

    @property
    def primary(self) -> str:
        """The metric that a gate goes by; empty if it is not here."""
        names = {row.name for row in self.rows}
        return next((name for name in (PRIMARY_OF_ENTITIES, PRIMARY_OF_PLAIN_TAGS) if name in names), "")

    def told_by(self, primary: str) -> Row | None:
        """The row that tells of the slice: the primary metric's, or what a slice of entities has instead."""
        for metric in (primary, *INSTEAD):
            for row in self.rows:
                if row.name == metric:
                    told = self.name if metric == primary else f"{self.name}: {display_name(metric)}"
                    return row._replace(name=told, sentences=self.sentences)
        return None


def of_pairs(analysis: Analysis) -> list[TwoScores]:
    """Of the same sentences: the candidate is the second, the baseline the first. The whole comes first."""
    return [_of_pair(found) for found in analysis.slices]


def _of_pair(found: Slice) -> TwoScores:
    names = _both(found.candidate, found.baseline)
    rows = [
        Row(name, found.baseline.get(name), found.candidate.get(name), found.difference.get(name))
        for name in names
    ]
    return TwoScores(found.name, found.sentences, rows)


def slices_of(analysis: Analysis | None, metrics: Mapping[str, float] | None) -> Slices:
    """What is known of one run: all slices, or the whole alone, or nothing."""
    if analysis:
        return {found.name: (found.sentences, dict(found.candidate)) for found in analysis.slices}
    if metrics:
        return {OVERALL: (0, {name: Estimate(value) for name, value in metrics.items()})}
    return {}


def of_apart(first: Slices, second: Slices) -> list[TwoScores]:
    """Of two runs on other sentences: values side by side, and differences without an interval."""
    slices = []
    for name in _both(second, first):
        (_, before), (sentences, after) = first.get(name, (0, {})), second.get(name, (0, {}))
        rows = []
        for metric in _both(after, before):
            one, other = before.get(metric), after.get(metric)
            difference = Estimate(other.value - one.value) if one and other else None
            rows.append(Row(metric, one, other, difference))
        slices.append(TwoScores(name, sentences, rows))
    return slices


def _both(these: Iterable[str], those: Iterable[str]) -> list[str]:
    """The names of the one, then those of the other alone."""
    return list(dict.fromkeys([*these, *those]))
