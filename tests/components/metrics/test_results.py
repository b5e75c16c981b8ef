"""The Evaluator's scores read back, however many files an engine wrote them to."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.metrics.results import read


def scores(domain: str, value: float) -> metrics_for_slice_pb2.MetricsForSlice:
    found = metrics_for_slice_pb2.MetricsForSlice()
    if domain:
        found.slice_key.single_slice_keys.add(column="domain", bytes_value=domain.encode())
    one = found.metric_keys_and_values.add()
    one.key.name = "primary"
    one.value.double_value.value = value
    return found


SCORES = [scores("", 0.5), scores("news", 0.75), scores("web", 0.25)]


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_all_shards_are_read(shards: int, tmp_path: Path) -> None:
    for shard in range(shards):
        path = tmp_path / f"metrics-{shard:05d}-of-{shards:05d}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for one in SCORES[shard::shards]:
                writer.write(one.SerializeToString())
    assert read(str(tmp_path)).metrics == {
        "": {"primary": 0.5},
        "domain=news": {"primary": 0.75},
        "domain=web": {"primary": 0.25},
    }


def test_missing_scores_are_no_empty_scores(tmp_path: Path) -> None:
    (tmp_path / "plots-00000-of-00001.tfrecord").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"found no metrics\*, expected the scores"):
        read(str(tmp_path))
