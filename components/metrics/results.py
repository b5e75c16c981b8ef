"""The scores that TFX's Evaluator wrote, read as plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.metrics.display_names import display_name
from components.metrics.names import PRIMARY_OF_ENTITIES, primary_of

# The slice that is the whole test split.
OVERALL = ""


@dataclass(frozen=True)
class Evaluation:
    """Attributes:
    metrics: slice -> metric -> value, of the candidate; a slice is named like `domain=news`.
    baseline: the same of the baseline; empty without one.
    """

    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]

    @property
    def overall(self) -> dict[str, float]:
        """The candidate's metrics on the whole test split."""
        return self.metrics[OVERALL]

    @property
    def primary_name(self) -> str:
        """Display name of the primary metric."""
        return display_name(primary_of(plain=PRIMARY_OF_ENTITIES not in self.overall))


def read(evaluation_uri: str) -> Evaluation:
    """Read the `ModelEvaluation` artifact at `evaluation_uri`, all its shards: an engine decides how many there are.

    Raises:
        FileNotFoundError: it has none.
    """
    if not tf.io.gfile.glob(os.path.join(evaluation_uri, "metrics*")):
        raise FileNotFoundError(
            f"{evaluation_uri}: found no metrics*, expected the scores that TFX's Evaluator writes; run it again"
        )
    metrics: dict[str, dict[str, float]] = {}
    baseline: dict[str, dict[str, float]] = {}
    for row in tfma.load_metrics(evaluation_uri):
        name = _slice_name(row.slice_key)
        for item in row.metric_keys_and_values:
            if item.key.is_diff or not item.value.HasField("double_value"):
                continue
            scores = baseline if item.key.model_name == "baseline" else metrics
            scores.setdefault(name, {})[item.key.name] = item.value.double_value.value
    return Evaluation(metrics, baseline)


def _slice_name(key: metrics_for_slice_pb2.SliceKey) -> str:
    parts = []
    for single in key.single_slice_keys:
        value = getattr(single, single.WhichOneof("kind"))
        parts.append(f"{single.column}={value.decode() if isinstance(value, bytes) else value}")
    return ", ".join(parts)
