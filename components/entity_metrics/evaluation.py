"""The TFMA configuration that the Evaluator blesses by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from google.protobuf.wrappers_pb2 import DoubleValue
from tensorflow_model_analysis.proto import config_pb2

from components.entity_metrics.metric import PRIMARY, TaggingMetrics


def eval_config(
    *,
    scheme: str,
    floor: float,
    allowed_fall: float,
    label_floors: Mapping[str, float],
    slice_by: Sequence[str],
    code: str = "",
) -> config_pb2.EvalConfig:
    """Bless a model whose primary metric reaches `floor` and falls at most `allowed_fall` below the baseline's.

    Args:
        scheme: of gold and predicted tags; "PLAIN" for plain tags.
        floor: of the primary metric, over the whole test split.
        allowed_fall: in the primary metric's unit, 0..1. Without a baseline it asks nothing.
        label_floors: entity F1 (strict) that single labels must reach.
        slice_by: features by whose values every metric is computed too; no thresholds apply there.
        code: a hash of the code behind the metric, there for the cache alone.
    """
    thresholds = {PRIMARY: _threshold(floor, allowed_fall)}
    for label, label_floor in label_floors.items():
        thresholds[f"entity_f1_strict/{label}"] = _threshold(label_floor, None)
    metric = config_pb2.MetricConfig(
        class_name=TaggingMetrics.__name__,
        module=TaggingMetrics.__module__,
        config=json.dumps({"scheme": scheme, "labels": sorted(label_floors), "code": code}),
    )
    overall = config_pb2.SlicingSpec()
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(signature_name="evaluate", label_key="tags", prediction_key="tags")
        ],
        slicing_specs=[overall, *(config_pb2.SlicingSpec(feature_keys=[feature]) for feature in slice_by)],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[metric],
                # Bound to the overall slice: an empty slice would fail a plain threshold.
                per_slice_thresholds={
                    name: config_pb2.PerSliceMetricThresholds(
                        thresholds=[
                            config_pb2.PerSliceMetricThreshold(slicing_specs=[overall], threshold=threshold)
                        ]
                    )
                    for name, threshold in thresholds.items()
                },
            )
        ],
    )


def _threshold(floor: float, allowed_fall: float | None) -> config_pb2.MetricThreshold:
    threshold = config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(lower_bound=DoubleValue(value=floor))
    )
    if allowed_fall is not None:
        threshold.change_threshold.direction = config_pb2.MetricDirection.HIGHER_IS_BETTER
        threshold.change_threshold.absolute.value = -allowed_fall
    return threshold
