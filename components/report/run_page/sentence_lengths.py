"""Counting the lengths of a corpus' sentences, from its examples."""

from __future__ import annotations

from collections import Counter

import tensorflow as tf
from tfx import types
from tfx.types import artifact_utils
from tfx.utils import io_utils

_BATCH = 1024


def sentence_lengths(examples: types.Artifact) -> dict[str, dict[int, int]]:
    """Count, by split, the sentences of each length in tokens; a batch of examples is in memory at a time."""
    return {
        split: _of_split(artifact_utils.get_split_uri([examples], split))
        for split in artifact_utils.decode_split_names(examples.split_names)
    }


def _of_split(uri: str) -> dict[int, int]:
    files = sorted(tf.io.gfile.glob(io_utils.all_files_pattern(uri)))
    records = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH)
    counts: Counter[int] = Counter()
    for batch in records:
        parsed = tf.io.parse_example(batch, {"tokens": tf.io.RaggedFeature(tf.string)})
        lengths, _, often = tf.unique_with_counts(parsed["tokens"].row_lengths())
        counts.update(dict(zip(lengths.numpy().tolist(), often.numpy().tolist(), strict=True)))
    return dict(sorted(counts.items()))
