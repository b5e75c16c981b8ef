"""What an Evaluator found, read back as plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.metrics.display_names import spoken
from components.metrics.names import PRIMARY

# Slices are named as people read them; the whole test split is the empty name.
OVERALL = ""


@dataclass(frozen=True)
class Evaluation:
    """Attributes:
    metrics: slice -> metric -> value, of the candidate.
    baseline: the same of the baseline; empty without one.
    """

    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]

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
    return Evaluation(metrics, baseline)


def _slice_name(key: metrics_for_slice_pb2.SliceKey) -> str:
    parts = []
    for single in key.single_slice_keys:
        kind = single.WhichOneof("kind")
        value = getattr(single, kind)
        parts.append(f"{single.column}={value.decode() if isinstance(value, bytes) else value}")
    return ", ".join(parts)
