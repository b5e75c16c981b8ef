"""What ServingCheck asks: sentences of the test split, and what breaks servers."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
from tfx import types
from tfx.types import artifact_utils
from tfx.utils import io_utils

# An empty text, white space alone, one letter, scripts and signs outside ASCII, and a text of 2,000 tokens.
HARD_TEXTS = (
    "",
    " \t ",
    "a",
    "Zoë Müller traf 東京の友達 in São Paulo 🙂 — “très bien”.",
    "e\u0301te\u0301 \u200bzero\u200dwidth \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "word " * 2000,
)


def recorded_sentences(examples: types.Artifact, *, split: str, count: int) -> list[list[str]]:
    """Tokens of the first `count` sentences of a split, the shards in their order."""
    uri = artifact_utils.get_split_uri([examples], split)
    pattern = io_utils.all_files_pattern(uri)
    records = tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(pattern)), compression_type="GZIP").take(count)
    return [_tokens(record) for record in records.as_numpy_iterator()]


def _tokens(record: bytes) -> list[str]:
    example = tf.train.Example.FromString(record)
    return [token.decode() for token in example.features.feature["tokens"].bytes_list.value]


def texts_of(sentences: Sequence[Sequence[str]]) -> list[str]:
    """Running text, as a person would send it."""
    return [" ".join(tokens) for tokens in sentences]
