"""Reading a split of the examples as a stream of sentences, shard by shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tensorflow as tf
from tfx import types
from tfx.types import artifact_utils
from tfx.utils import io_utils


@dataclass(frozen=True, slots=True)
class RecordedSentence:
    """A sentence of the examples.

    Attributes:
        tokens, gold: T each.
        features: the requested features that the example has, as in `Answer.features`.
        record: the serialized tf.Example.
    """

    tokens: tuple[str, ...]
    gold: tuple[str, ...]
    features: dict[str, str]
    record: bytes


def recorded_sentences(
    examples: types.Artifact, *, split: str, features: Sequence[str] = ()
) -> Iterator[RecordedSentence]:
    """Read the sentences of a split.

    Args:
        examples: gzipped TFRecords of tf.Example with the features `tokens` and `tags`.
        split: such as "test".
        features: names of further features to read, of any type.

    Raises:
        ValueError: the split is missing, or an example has fewer or more tags than tokens.
    """
    pattern = io_utils.all_files_pattern(artifact_utils.get_split_uri([examples], split))
    records = tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(pattern)), compression_type="GZIP")
    for number, record in enumerate(records.as_numpy_iterator(), start=1):
        feature = tf.train.Example.FromString(record).features.feature
        tokens, gold = _texts(feature["tokens"]), _texts(feature["tags"])
        if len(tokens) != len(gold):
            raise ValueError(
                f"{pattern}: example {number} has {len(gold)} tags for {len(tokens)} tokens; expected one for "
                "each: run the pipeline without its cache (pipeline.cache=false)"
            )
        values = {name: ",".join(_texts(feature[name])) for name in features if name in feature}
        yield RecordedSentence(tokens, gold, values, record)


def tagged_sentences(
    examples: types.Artifact, *, split: str
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Read pairs of tokens and gold tags; raises as `recorded_sentences`."""
    for sentence in recorded_sentences(examples, split=split):
        yield sentence.tokens, sentence.gold


def _texts(feature: tf.train.Feature) -> tuple[str, ...]:
    values = getattr(feature, feature.WhichOneof("kind") or "bytes_list").value
    return tuple(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values
    )
