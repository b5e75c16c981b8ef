"""Examples in Transform's form, and the time that training steps wait for their batches."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf


def written(sentences: tf.data.Dataset, path: Path) -> Path:
    """Write sentences, each a `Batch` without its B axis, as a gzipped TFRecord of tf.Examples."""
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for sentence in sentences:
            example = tf.train.Example()
            for name, value in sentence._asdict().items():
                if name == "lengths":
                    continue
                feature = example.features.feature[name]
                if value.dtype == tf.string:
                    feature.bytes_list.value.extend(value.numpy())
                else:
                    feature.int64_list.value.extend(value.numpy())
            writer.write(example.SerializeToString())
    return path


def waiting_share(run: Callable[[], None]) -> float:
    """Measure the share of `run`, 0 to 1, that its steps spent fetching batches, by TensorFlow's profiler.

    Raises:
        RuntimeError: the profile has no batch.
    """
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            run()
        (path,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    waits, ends = [], []
    for plane in space.planes:
        names = {number: about.name for number, about in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                begin = line.timestamp_ns * 1000 + event.offset_ps
                ends += [begin, begin + event.duration_ps]
                if names[event.metadata_id].startswith("IteratorGetNextOp::DoCompute"):
                    waits.append(event.duration_ps)
    if not waits:
        raise RuntimeError("found no IteratorGetNextOp::DoCompute in the profile; expected one for each step")
    return sum(waits) / (max(ends) - min(ends))
