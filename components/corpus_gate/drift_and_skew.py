"""Skew between train and another split, and drift since the latest blessed run, by TFDV's comparators.

TFDV measures; this module decides which measurements count: those above their threshold and above what chance brings in
two samples of that size. Otherwise every small split would be reported for being small.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from corpus.checks.shift import jensen_shannon_by_chance, l_infinity_by_chance, largest_differences
from corpus.options import Comparator

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList
Kind = Literal["skew", "drift"]

_CODES: dict[Kind, str] = {"skew": "D406", "drift": "D405"}
_Counts = Mapping[str, int]
_MEASURES: dict[int, tuple[str, Callable[[_Counts, _Counts], float]]] = {
    anomalies_pb2.DriftSkewInfo.Measurement.L_INFTY: ("L-infinity distance", l_infinity_by_chance),
    anomalies_pb2.DriftSkewInfo.Measurement.JENSEN_SHANNON_DIVERGENCE: (
        "Jensen-Shannon divergence",
        jensen_shannon_by_chance,
    ),
}


class Shift(NamedTuple):
    """Drift or skew that counts, with its code of a finding and, as `example`, the values that differ most."""

    code: str
    split: str
    message: str
    example: str


def statistics_in(artifact: types.Artifact) -> dict[str, Statistics]:
    """Read the statistics of every split that has a file."""
    statistics = {}
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = statistics_path(artifact, split)
        if fileio.exists(path):
            statistics[split] = Statistics.FromString(io_utils.read_bytes_file(path))
    return statistics


def statistics_path(artifact: types.Artifact, split: str) -> str:
    """The file in which StatisticsGen writes a split's statistics."""
    return os.path.join(artifact.uri, f"Split-{split}", "FeatureStats.pb")


def skew(splits: Mapping[str, Statistics], comparators: Mapping[str, Comparator | None]) -> Iterator[Shift]:
    """Yield differences between every other split and train."""
    if "train" not in splits:
        return
    for name, other in splits.items():
        if name != "train":
            yield from _shifts("skew", name, other, splits["train"], comparators)


def drift(
    splits: Mapping[str, Statistics],
    blessed: Mapping[str, Statistics],
    comparators: Mapping[str, Comparator | None],
) -> Iterator[Shift]:
    """Yield differences between every split and the same split of the latest blessed run."""
    for name, now in splits.items():
        if name in blessed:
            yield from _shifts("drift", name, now, blessed[name], comparators)


def _shifts(
    kind: Kind,
    split: str,
    now: Statistics,
    before: Statistics,
    comparators: Mapping[str, Comparator | None],
) -> Iterator[Shift]:
    schema = _schema(kind, comparators)
    if not schema.feature:
        return
    compared = f"{split} now and in the last blessed run" if kind == "drift" else f"{split} and train"
    reference = {"previous_statistics" if kind == "drift" else "serving_statistics": before}
    measured = {
        info.path.step[0]: info.drift_measurements if kind == "drift" else info.skew_measurements
        for info in tfdv.validate_statistics(now, schema, **reference).drift_skew_info
    }
    for feature in (entry.name for entry in schema.feature):
        counts, counts_before = _counts(now, feature), _counts(before, feature)
        if not measured.get(feature):
            yield Shift(
                _CODES[kind],
                split,
                f"{compared}: no feature {feature} to compare; expected one that both have (checks.{kind})",
                "",
            )
        for measurement in measured.get(feature, ()):
            name, by_chance = _MEASURES[measurement.type]
            if measurement.value <= max(measurement.threshold, by_chance(counts, counts_before)):
                continue
            yield Shift(
                _CODES[kind],
                split,
                f"{compared}: {feature}: {name} {measurement.value:.3f}; more than {measurement.threshold:g} "
                f"(checks.{kind})",
                ", ".join(
                    f"{value} {share:.1%} (before {share_before:.1%})"
                    if kind == "drift"
                    else f"{value} {share:.1%} (train {share_before:.1%})"
                    for value, share_before, share in largest_differences(counts_before, counts)
                ),
            )


def _schema(kind: Kind, comparators: Mapping[str, Comparator | None]) -> schema_pb2.Schema:
    """A schema with the comparators alone: ExampleValidator checks everything else."""
    schema = schema_pb2.Schema()
    for feature, thresholds in sorted(comparators.items()):
        if thresholds is None or (thresholds.l_infinity is None and thresholds.jensen_shannon is None):
            continue
        entry = schema.feature.add(name=feature, type=schema_pb2.BYTES)
        comparator = entry.drift_comparator if kind == "drift" else entry.skew_comparator
        if thresholds.l_infinity is not None:
            comparator.infinity_norm.threshold = thresholds.l_infinity
        if thresholds.jensen_shannon is not None:
            comparator.jensen_shannon_divergence.threshold = thresholds.jensen_shannon
    return schema


def _counts(statistics: Statistics, feature: str) -> dict[str, int]:
    """Count each value of a text feature, as far as the statistics list them."""
    for dataset in statistics.datasets:
        for described in dataset.features:
            if list(described.path.step) == [feature] or described.name == feature:
                return {
                    bucket.label: int(bucket.sample_count)
                    for bucket in described.string_stats.rank_histogram.buckets
                }
    return {}
