"""Scores of a slice with intervals; all models are scored on the same resamples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from components.metrics.names import SEEN, UNSEEN, primary_of
from components.scores.analysis import Estimate, Slice
from components.scores.bootstrap import percentile_intervals, resampled_sums
from components.scores.counts import CountTable
from components.scores.intervals import clopper_pearson
from components.scores.options import ScoreOptions
from components.scores.ratios import Metrics, entity_metrics, plain_metrics, seen_metrics

# Names of models; those of their files of answers begin like this.
CANDIDATE, BASELINE, CRFSUITE = "candidate", "baseline", "crfsuite"

_SEED = 1
_PARTS = {SEEN: "seen", UNSEEN: "unseen"}

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


class _Scored(NamedTuple):
    """A model on a slice: counts int[S, M], values float[K], and the values of R resamples float[R, K]."""

    counts: Counts
    values: Values
    resampled: Values


class SliceScorer:
    """Scores any subset of the sentences that the tables count."""

    def __init__(self, tables: Mapping[str, CountTable], options: ScoreOptions, *, plain: bool) -> None:
        """Args:
        tables: counts by model.
        options: level, resamples and kind of the intervals.
        plain: whether the tags are plain.
        """
        self._tables, self._options, self._plain = tables, options, plain
        self._columns = set().union(*(table.columns for table in tables.values()))

    def slice(self, name: str, sentences: Sequence[int]) -> tuple[Slice, Estimate | None]:
        """Score the sentences with these numbers; one or more.

        Returns:
            The slice, and the difference of its primary metric from CRFsuite's; None without CRFsuite.
        """
        numbers = np.asarray(sentences)
        metrics = self._metrics(name, numbers)
        scored = self._scored(metrics, numbers)
        candidate = scored[CANDIDATE]
        gold = self._gold(metrics, candidate.counts)
        estimates = {
            model: self._exact(metrics, of, self._estimates(metrics, of)) for model, of in scored.items()
        }
        return Slice(
            name=name,
            sentences=len(numbers),
            tokens=int(self._tables[CANDIDATE].matrix(["tokens"])[numbers].sum()),
            entities=sum(gold.values()),
            candidate=estimates[CANDIDATE]
            | {f"entities/{label}": Estimate(float(count)) for label, count in gold.items()},
            baseline=estimates.get(BASELINE, {}),
            difference=self._differences(metrics, candidate, scored.get(BASELINE)),
            crfsuite=estimates.get(CRFSUITE, {}),
        ), self._differences(metrics, candidate, scored.get(CRFSUITE)).get(primary_of(plain=self._plain))

    def _metrics(self, name: str, numbers: Counts) -> Metrics:
        """Metrics of the labels in the slice, in gold or predicted tags."""
        if name in _PARTS:
            kind = _PARTS[name]
            return seen_metrics(self._present([f"gold_{kind}/"], numbers), kind)
        labels = self._present(["gold/", "predicted/"], numbers)
        return plain_metrics(labels) if self._plain else entity_metrics(labels)

    def _present(self, prefixes: Iterable[str], numbers: Counts) -> set[str]:
        present = set()
        for prefix in prefixes:
            labels = labels_of(prefix, self._columns)
            for table in self._tables.values():
                counted = table.matrix([prefix + label for label in labels])[numbers].any(axis=0)
                present |= {label for label, any_ in zip(labels, counted, strict=True) if any_}
        return present

    def _scored(self, metrics: Metrics, numbers: Counts) -> dict[str, _Scored]:
        counts = {model: table.matrix(metrics.columns)[numbers] for model, table in self._tables.items()}
        # In one matrix, so that a resample draws the same sentences for every model.
        sums = resampled_sums(
            np.concatenate(list(counts.values()), axis=1), resamples=self._options.resamples, seed=_SEED
        )
        return {
            model: _Scored(
                counts=count,
                # A score without a denominator is 0.
                values=np.nan_to_num(metrics.of_sums(count.sum(axis=0, keepdims=True))[0]),
                resampled=metrics.of_sums(of_model),
            )
            for (model, count), of_model in zip(
                counts.items(), np.split(sums, len(counts), axis=1), strict=True
            )
        }

    def _gold(self, metrics: Metrics, counts: Counts) -> dict[str, int]:
        """Count gold entities by label; plain tags have none."""
        if self._plain:
            return {}
        return {
            column.partition("/")[2]: int(count)
            for column, count in zip(metrics.columns, counts.sum(axis=0), strict=True)
            if column.startswith("gold") and "/" in column
        }

    def _estimates(self, metrics: Metrics, scored: _Scored) -> dict[str, Estimate]:
        low, high = percentile_intervals(scored.resampled, level=self._options.level)
        return {
            name: Estimate(float(value), *(None if np.isnan(end) else float(end) for end in ends))
            for name, value, *ends in zip(metrics.names, scored.values, low, high, strict=True)
        }

    def _differences(
        self, metrics: Metrics, candidate: _Scored, other: _Scored | None
    ) -> dict[str, Estimate]:
        if other is None:
            return {}
        return self._estimates(
            metrics,
            _Scored(candidate.counts, candidate.values - other.values, candidate.resampled - other.resampled),
        )

    def _exact(
        self, metrics: Metrics, scored: _Scored, estimates: dict[str, Estimate]
    ) -> dict[str, Estimate]:
        """Replace the bootstrap's intervals of proportions by exact ones, if the options say so."""
        if self._options.intervals != "exact":
            return estimates
        sums, level = scored.counts.sum(axis=0), self._options.level
        exact = dict(estimates)
        for name, estimate in estimates.items():
            proportion = metrics.proportion(name, sums)
            if proportion:
                exact[name] = Estimate(estimate.value, *clopper_pearson(*proportion, level=level))
        return exact


def labels_of(prefix: str, columns: Collection[str]) -> list[str]:
    """The labels of the columns that begin with `prefix`, such as `gold/`."""
    return sorted(column.removeprefix(prefix) for column in columns if column.startswith(prefix))
