"""What an Evaluator found, read back as plain data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.entity_metrics.metric import PRIMARY

# Slices are named as people read them; the whole test split is the empty name.
OVERALL = ""


@dataclass(frozen=True)
class Failure:
    """A threshold that the model did not meet.

    Attributes:
        metric: key of `components.entity_metrics.metric`.
        reason: in words, with the value found and the bound.
    """

    metric: str
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Evaluation:
    """Attributes:
    metrics: slice -> metric -> value, of the candidate.
    baseline: the same of the baseline; empty without one.
    failures: why the model is not blessed; empty if it is.
    """

    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]
    failures: tuple[Failure, ...]

    @property
    def overall(self) -> dict[str, float]:
        """Metrics of the whole test split."""
        return self.metrics[OVERALL]

    @property
    def primary_name(self) -> str:
        """What the primary metric is here, as people say it."""
        return spoken(PRIMARY, self.overall)


def read(evaluation_uri: str) -> Evaluation:
    """Read the `ModelEvaluation` artifact at `evaluation_uri`."""
    metrics: dict[str, dict[str, float]] = {}
    baseline: dict[str, dict[str, float]] = {}
    metrics_path = os.path.join(evaluation_uri, "metrics-00000-of-00001.tfrecord")
    for row in tfma.load_metrics(metrics_path):
        name = _slice_name(row.slice_key)
        for item in row.metric_keys_and_values:
            if item.key.is_diff or not item.value.HasField("double_value"):
                continue
            into = baseline if item.key.model_name == "baseline" else metrics
            into.setdefault(name, {})[item.key.name] = item.value.double_value.value
    validation = tfma.load_validation_result(evaluation_uri)
    failures = [
        _failure(failure, metrics.get(OVERALL, {}))
        for slice_failures in validation.metric_validations_per_slice
        for failure in slice_failures.failures
    ]
    return Evaluation(metrics, baseline, tuple(failures))


def _slice_name(key: metrics_for_slice_pb2.SliceKey) -> str:
    parts = []
    for single in key.single_slice_keys:
        kind = single.WhichOneof("kind")
        value = getattr(single, kind)
        parts.append(f"{single.column}={value.decode() if isinstance(value, bytes) else value}")
    return ", ".join(parts)


def spoken(metric: str, overall: Mapping[str, float]) -> str:
    """A metric's key as people say it; `overall` tells what the primary metric is."""
    if metric == PRIMARY:
        metric = "entity_f1_strict" if "entity_f1_strict" in overall else "token_accuracy"
    name, _, label = metric.partition("/")
    words = _SPOKEN.get(name, name.replace("_", " "))
    return f"{words} of {label}" if label else words


_SPOKEN = {
    "entity_precision_strict": "entity precision (strict)",
    "entity_recall_strict": "entity recall (strict)",
    "entity_f1_strict": "entity F1 (strict)",
    "entity_f1_strict_macro": "entity F1 (strict), mean of labels",
    "entity_f1_conlleval": "entity F1 (conlleval)",
}


def _failure(failure: Any, overall: Mapping[str, float]) -> Failure:
    """A threshold's failure in words; TFMA tells of a value or of its difference to the baseline's."""
    metric = failure.metric_key.name
    name = spoken(metric, overall)
    threshold = failure.metric_threshold
    label = metric.partition("/")[2]
    if label and overall.get(f"entities/{label}") == 0:
        return Failure(metric, f"{name} is asked for, but the test split has no entity of that label")
    if not failure.metric_value.HasField("double_value"):
        return Failure(metric, f"{name} is asked for, but was not computed; plain tags have no entity scores")
    found = failure.metric_value.double_value.value
    if failure.metric_key.is_diff:
        allowed = -threshold.change_threshold.absolute.value
        return Failure(
            metric, f"{name} fell by {-found:.4f} below the latest blessed model; allowed: {allowed:g}"
        )
    floor = threshold.value_threshold.lower_bound.value
    return Failure(metric, f"{name} is {found:.4f} on the test split; asked: at least {floor:g}")
