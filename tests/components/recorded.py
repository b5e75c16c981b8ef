"""Examples in files as CorpusGen writes them, and a real SavedModel that answers what the examples say it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.corpus_gen.example import to_example
from corpus.sentence import Sentence


class Row(NamedTuple):
    """A sentence: `token/tag` pairs a blank apart, and what each model answers, a tag for each token."""

    text: str
    domain: str = ""
    answers: Mapping[str, str] = {}

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(pair.rpartition("/")[0] for pair in self.text.split())

    @property
    def gold(self) -> tuple[str, ...]:
        return tuple(pair.rpartition("/")[2] for pair in self.text.split())


def examples_in(folder: Path, splits: Mapping[str, Sequence[Row]], *, shards: int = 2) -> Any:
    """An Examples artifact with gzipped TFRecords."""
    for split, rows in splits.items():
        where = folder / f"Split-{split}"
        where.mkdir(parents=True)
        each = -(-len(rows) // shards)
        for shard in range(shards):
            path = where / f"data-{shard:05d}-of-{shards:05d}.gz"
            with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                for row in rows[shard * each : (shard + 1) * each]:
                    sentence = Sentence(row.tokens, row.gold, domain=row.domain or None)
                    example = to_example(sentence, row.gold)
                    for model, tags in row.answers.items():
                        values = [tag.encode() for tag in tags.split()]
                        example.features.feature[model].bytes_list.value.extend(values)
                    example.features.feature["year"].int64_list.value.extend([1999, 2000])
                    writer.write(example.SerializeToString())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(list(splits))
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    return artifact


class Recorded(tf.Module):
    """Answers what the example's feature `source` says, padded as models pad; sure of token t by 1 / (t + 2)."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        tags = self._tags(examples)
        return {"tags": tags.to_tensor(""), "lengths": tf.cast(tags.row_lengths(), tf.int32)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def decode(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        answered = self.evaluate(examples)
        shape = tf.shape(answered["tags"])
        confidence = tf.tile(1.0 / (tf.cast(tf.range(shape[1]), tf.float32) + 2.0)[tf.newaxis], [shape[0], 1])
        return answered | {
            "confidence": confidence,
            "score": 1.0 / (1.0 + tf.cast(answered["lengths"], tf.float32)),
        }

    def _tags(self, examples: tf.Tensor) -> tf.RaggedTensor:
        return tf.io.parse_example(examples, {self._source: tf.io.RaggedFeature(tf.string)})[self._source]


def model_in(folder: Path, source: str, signatures: Sequence[str] = ("evaluate", "decode")) -> Any:
    """A Model artifact of a `Recorded`."""
    module = Recorded(source)
    saved = {name: getattr(module, name) for name in signatures}
    tf.saved_model.save(module, str(folder / "Format-Serving"), signatures=saved)
    artifact = standard_artifacts.Model()
    artifact.uri = str(folder)
    return artifact
