"""Metrics as ratios of summed counts, for one sum or for those of thousands of resamples at once.

Each is a ratio of sums, such as F1 = 2 correct / (gold + predicted), or the mean of such ratios over labels. Keys are
those of `components.metrics.tagging_metrics`, columns those of
`components.scores.counts`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tagging.partial import PartialCounts

Values = npt.NDArray[np.float64]


class Ratio(NamedTuple):
    """Weighted columns over weighted columns; a proportion if the numerator counts some of the denominator's trials."""

    numerator: dict[str, int]
    denominator: dict[str, int]
    is_proportion: bool


class Metrics:
    """K metrics of M columns.

    Attributes:
        names: K keys.
        columns: M columns that sums must have, in this order.
    """

    def __init__(
        self, ratios: Mapping[str, Ratio], macros: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    ) -> None:
        """Args:
        ratios: by key.
        macros: by key: ratios to average, and for each the ratio that is undefined where its label has neither
            gold nor predicted entities.
        """
        self.columns = sorted(
            {name for ratio in ratios.values() for name in (*ratio.numerator, *ratio.denominator)}
        )
        self.names = [*ratios, *macros]
        self._ratios = dict(ratios)
        place = {name: index for index, name in enumerate(self.columns)}
        self._numerator, self._denominator = np.zeros((2, len(self.columns), len(ratios)))  # [M, K]
        for index, ratio in enumerate(ratios.values()):
            for weights, terms in (
                (self._numerator, ratio.numerator),
                (self._denominator, ratio.denominator),
            ):
                for column, weight in terms.items():
                    weights[place[column], index] = weight
        number = {name: index for index, name in enumerate(ratios)}
        self._macros = [
            ([number[name] for name in parts], [number[name] for name in presence])
            for parts, presence in macros.values()
        ]

    def of_sums(self, sums: npt.ArrayLike) -> Values:
        """Compute values float[R, K] of sums [R, M]; NaN where a denominator is 0.

        A mean over labels includes those with a gold or a predicted entity, with 0 for an undefined value, as in
        `tagging.scoring`.
        """
        added = np.asarray(sums, np.float64)
        denominator = added @ self._denominator
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(
                denominator > 0, (added @ self._numerator) / denominator, np.nan
            )  # [R, K without macros]
        means = [
            _mean(values[:, parts], present=~np.isnan(values[:, presence]))
            for parts, presence in self._macros
        ]
        return np.concatenate([values, *(mean[:, None] for mean in means)], axis=1)

    def proportion(self, name: str, sums: npt.ArrayLike) -> tuple[int, int] | None:
        """Numerator and denominator of a metric for sums [M]; None if it is no proportion, or has the denominator 0."""
        ratio = self._ratios.get(name)
        if ratio is None or not ratio.is_proportion:
            return None
        index = list(self._ratios).index(name)
        added = np.asarray(sums, np.float64)
        right = int(added @ self._numerator[:, index])
        total = int(added @ self._denominator[:, index])
        return (right, total) if total else None


def _mean(values: Values, *, present: npt.NDArray[np.bool_]) -> Values:
    """Average over labels, [R]; NaN where none is present."""
    total = np.where(present, np.nan_to_num(values), 0.0).sum(axis=1)
    count = present.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def entity_metrics(labels: Collection[str]) -> Metrics:
    """Metrics of entity tags."""
    ratios = _accuracies()
    ratios |= _scores("entity_{}_strict", [f"/{label}" for label in sorted(labels)])
    ratios["entity_f1_conlleval"] = _f1(["_conlleval"])
    gold_and_predicted = ratios["entity_f1_strict"].denominator
    for measure in PartialCounts._fields:
        ratios[f"entity_f1_{measure}"] = Ratio(
            {f"correct_{measure}": 2}, gold_and_predicted, is_proportion=False
        )
    for label in sorted(labels):
        ratios |= _scores("entity_{}_strict", [f"/{label}"], f"/{label}")
    presence = [f"entity_f1_strict/{label}" for label in sorted(labels)]
    macros = {
        f"entity_{score}_strict_macro": (
            [f"entity_{score}_strict/{label}" for label in sorted(labels)],
            presence,
        )
        for score in ("precision", "recall", "f1")
    }
    return Metrics(ratios, macros)


def seen_metrics(labels: Collection[str], kind: str) -> Metrics:
    """Recall of the gold entities of one kind, `seen` or `unseen`."""
    suffixes = {f"/{label}": [label] for label in sorted(labels)} | {"": sorted(labels)}
    return Metrics(
        {
            f"entity_recall_strict{suffix}": Ratio(
                {f"correct_{kind}/{label}": 1 for label in among},
                {f"gold_{kind}/{label}": 1 for label in among},
                is_proportion=True,
            )
            for suffix, among in sorted(suffixes.items())
        },
        {},
    )


def plain_metrics(tags: Collection[str]) -> Metrics:
    """Metrics of plain tags."""
    ratios = _accuracies()
    for tag in sorted(tags):
        ratios[f"tag_accuracy/{tag}"] = Ratio({f"correct/{tag}": 1}, {f"gold/{tag}": 1}, is_proportion=True)
        ratios[f"tag_f1/{tag}"] = _f1([f"/{tag}"])
    return Metrics(ratios, {})


def _accuracies() -> dict[str, Ratio]:
    return {
        "token_accuracy": Ratio({"right_tokens": 1}, {"tokens": 1}, is_proportion=True),
        "sentence_accuracy": Ratio({"right_sentences": 1}, {"sentences": 1}, is_proportion=True),
    }


def _scores(name: str, suffixes: Sequence[str], label: str = "") -> dict[str, Ratio]:
    correct = {f"correct{suffix}": 1 for suffix in suffixes}
    return {
        name.format("precision") + label: Ratio(
            correct, {f"predicted{suffix}": 1 for suffix in suffixes}, is_proportion=True
        ),
        name.format("recall") + label: Ratio(
            correct, {f"gold{suffix}": 1 for suffix in suffixes}, is_proportion=True
        ),
        name.format("f1") + label: _f1(suffixes),
    }


def _f1(suffixes: Sequence[str]) -> Ratio:
    gold_and_predicted = {f"{kind}{suffix}": 1 for suffix in suffixes for kind in ("gold", "predicted")}
    return Ratio({f"correct{suffix}": 2 for suffix in suffixes}, gold_and_predicted, is_proportion=False)
