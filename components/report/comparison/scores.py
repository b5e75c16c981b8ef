"""Scores of two runs, by slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from components.metrics.display_names import display_name
from components.metrics.names import PRIMARY, PRIMARY_OF_ENTITIES, PRIMARY_OF_PLAIN_TAGS
from components.report.tables.scores import INSTEAD
from components.scores.analysis import OVERALL, Analysis, Estimate, Slice

# By slice, the number of sentences and the scores of a run.
Slices = dict[str, tuple[int, dict[str, Estimate]]]


class Row(NamedTuple):
    """A score of both runs; `difference` is the second's less the first's, with an interval on the same sentences."""

    name: str
    first: Estimate | None
    second: Estimate | None
    difference: Estimate | None
    sentences: int | None = None


class SlicePair(NamedTuple):
    """A slice in both runs."""

    name: str
    sentences: int
    rows: list[Row]

    @property
    def overall(self) -> list[Row]:
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
        """The primary metric; empty if the slice lacks it."""
        names = {row.name for row in self.rows}
        return next((name for name in (PRIMARY_OF_ENTITIES, PRIMARY_OF_PLAIN_TAGS) if name in names), "")

    def summary(self, primary: str) -> Row | None:
        """The row of the primary metric, or of the one that slices of known and unknown entities have instead."""
        for metric in (primary, *INSTEAD):
            for row in self.rows:
                if row.name == metric:
                    name = self.name if metric == primary else f"{self.name}: {display_name(metric)}"
                    return row._replace(name=name, sentences=self.sentences)
        return None


def paired(analysis: Analysis) -> list[SlicePair]:
    """Pair scores on the same sentences, the baseline's as the first run's; the whole test split comes first."""
    return [_paired(part) for part in analysis.slices]


def _paired(part: Slice) -> SlicePair:
    names = _union(part.candidate, part.baseline)
    rows = [
        Row(name, part.baseline.get(name), part.candidate.get(name), part.difference.get(name))
        for name in names
    ]
    return SlicePair(part.name, part.sentences, rows)


def slices_of(analysis: Analysis | None, metrics: Mapping[str, float] | None) -> Slices:
    """The known scores of a run: all slices, the whole test split alone, or none."""
    if analysis:
        return {part.name: (part.sentences, dict(part.candidate)) for part in analysis.slices}
    if metrics:
        return {OVERALL: (0, {name: Estimate(value) for name, value in metrics.items()})}
    return {}


def unpaired(first: Slices, second: Slices) -> list[SlicePair]:
    """Pair scores on different sentences, with differences without an interval."""
    slices = []
    for name in _union(second, first):
        (_, before), (sentences, after) = first.get(name, (0, {})), second.get(name, (0, {}))
        rows = []
        for metric in _union(after, before):
            one, other = before.get(metric), after.get(metric)
            difference = Estimate(other.value - one.value) if one and other else None
            rows.append(Row(metric, one, other, difference))
        slices.append(SlicePair(name, sentences, rows))
    return slices


def _union(these: Iterable[str], those: Iterable[str]) -> list[str]:
    """The names of the first, then those of the second alone."""
    return list(dict.fromkeys([*these, *those]))
