"""The TFMA configuration by which TFX's Evaluator scores candidate and baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tensorflow_model_analysis.proto import config_pb2

from components.metrics.names import LENGTH, PRIMARY, length_slices
from components.metrics.tagging_metrics import TaggingMetrics


def eval_config(
    *, scheme: str, floor: float, slice_by: Sequence[str], length_buckets: Sequence[int] = (), code: str = ""
) -> config_pb2.EvalConfig:
    """Configure all metrics of `components.metrics.tagging_metrics`, over the whole test split and by slices.

    The Evaluator blesses a model by the floor alone, with or without a baseline: TFMA applies a value threshold to the
    candidate only. What needs an interval, a slice or another model is left to ModelGate.

    Args:
        scheme: of gold and predicted tags; "PLAIN" for plain tags.
        floor: of the primary metric on the whole test split.
        slice_by: string features; every metric is also computed for each of their values.
        length_buckets: of slices by sentence length, see `components.metrics.names.length_slices`.
        code: a hash of the code behind the metrics; it only serves the cache.
    """
    metric = config_pb2.MetricConfig(
        class_name=TaggingMetrics.__name__,
        module=TaggingMetrics.__module__,
        config=json.dumps({"scheme": scheme, "code": code}),
    )
    slices = [config_pb2.SlicingSpec(), *(config_pb2.SlicingSpec(feature_keys=[name]) for name in slice_by)]
    if length_buckets:
        slices.append(config_pb2.SlicingSpec(slice_keys_sql=_length_sql(length_buckets)))
    least = config_pb2.GenericValueThreshold()
    least.lower_bound.value = floor
    # Not in `thresholds`, which would hold for every slice.
    overall = config_pb2.PerSliceMetricThreshold(
        slicing_specs=[config_pb2.SlicingSpec()],
        threshold=config_pb2.MetricThreshold(value_threshold=least),
    )
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(signature_name="evaluate", label_key="tags", prediction_key="tags")
        ],
        slicing_specs=slices,
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[metric],
                per_slice_thresholds={PRIMARY: config_pb2.PerSliceMetricThresholds(thresholds=[overall])},
            )
        ],
    )


def _length_sql(buckets: Sequence[int]) -> str:
    """SQL for the slice key of a sentence's length: a length is no feature, so TFMA has to compute it."""
    *closed, last = (name.partition("=")[2] for name in length_slices(buckets))
    cases = " ".join(
        f"WHEN ARRAY_LENGTH(example.tokens) <= {end} THEN '{name}'"
        for end, name in zip(buckets, closed, strict=True)
    )
    return f"SELECT STRUCT(CASE {cases} ELSE '{last}' END AS {LENGTH})"
