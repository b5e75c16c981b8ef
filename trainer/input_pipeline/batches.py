"""Transform's examples as batches of sentences of similar length.

Shape letters: `B` sentences of a batch, `T` tokens of its longest sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from trainer.features.inputs import Inputs

# Upper bounds of the length buckets, narrow where most sentences are, so that little of a batch is padding.
BUCKET_BOUNDARIES = (5, 8, 11, 15, 20, 26, 34, 45, 60, 90, 150, 300, 600, 1200, 2400)

# The most padded tokens of a batch, so that memory does not grow with the longest sentence; a single sentence
# may have more.
TOKENS_PER_BATCH = 12_000

# Batches shuffled among each other, and batches prepared ahead of the steps: enough for an epoch's last steps
# to last until the next epoch, which first shuffles all its sentences, has its first batches ready.
_BATCHES_AHEAD = 64


class Batch(NamedTuple):
    """B sentences padded to T tokens."""

    tokens: tf.Tensor  # string[B,T], "" after the end
    tags: tf.Tensor  # string[B,T], "" after the end
    words: tf.Tensor  # int64[B,T], 0 after the end
    cases: tf.Tensor  # int64[B,T], 0 after the end
    labels: tf.Tensor  # int64[B,T], 0 after the end; -1 for a tag outside the vocabulary
    lengths: tf.Tensor  # int32[B]

    @property
    def inputs(self) -> Inputs:
        """The features that the encoder reads."""
        return Inputs(self.tokens, self.words, self.cases, self.lengths)


_FEATURES = {
    "tokens": tf.io.RaggedFeature(tf.string),
    "tags": tf.io.RaggedFeature(tf.string),
    "words": tf.io.RaggedFeature(tf.int64),
    "cases": tf.io.RaggedFeature(tf.int64),
    "labels": tf.io.RaggedFeature(tf.int64),
}


def _sentence(record: tf.Tensor) -> Batch:
    """Parse one serialized tf.Example into a `Batch` without its B axis."""
    parsed = tf.io.parse_single_example(record, _FEATURES)
    return Batch(
        tokens=parsed["tokens"],
        tags=parsed["tags"],
        words=parsed["words"],
        cases=parsed["cases"],
        labels=parsed["labels"],
        lengths=tf.shape(parsed["tokens"])[0],
    )


def sentences(files: Sequence[str]) -> tf.data.Dataset:
    """Read the sentences of gzipped TFRecord `files`, in order, each as a `Batch` without its B axis."""
    records = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP")
    return records.map(_sentence, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


class Counts(NamedTuple):
    """The size of an epoch."""

    sentences: int
    batches: int


def count(dataset: tf.data.Dataset, *, batch_size: int) -> Counts:
    """Count the sentences of `dataset` and the batches that `training_batches` makes of them, in any order."""
    batch_sizes = _batch_sizes(batch_size)
    buckets = len(batch_sizes)

    def add(sizes: tf.Tensor, sentence: Batch) -> tf.Tensor:
        bucket = tf.searchsorted([bound + 1 for bound in BUCKET_BOUNDARIES], [sentence.lengths], side="right")
        return sizes + tf.one_hot(bucket[0], buckets, dtype=tf.int64)

    sizes = dataset.reduce(tf.zeros([buckets], tf.int64), add).numpy().tolist()
    return Counts(sum(sizes), sum(-(-size // most) for size, most in zip(sizes, batch_sizes, strict=True)))


def training_batches(
    dataset: tf.data.Dataset,
    *,
    epochs: range,
    batch_size: int,
    buffer_size: int,
    seed: int,
    change: Callable[[Batch, tf.Tensor], Batch] | None = None,
    replicas: int = 1,
    own: range | None = None,
) -> tf.data.Dataset:
    """Make the batches of `epochs`, one epoch after another: shuffled, bucketed by length, padded.

    The batches are shuffled too, or the short ones would all come together. An epoch's order depends only on
    the seed and its number, so a training that resumes at any epoch sees the same batches as one without a
    break.

    Args:
        dataset: as `sentences` returns it.
        epochs: their numbers.
        batch_size: B of every full batch; less where sentences are long (`TOKENS_PER_BATCH`).
        buffer_size: sentences that the shuffle holds in memory.
        seed: any number from 0 on.
        change: maps a batch, and an int64[2] seed that differs for each batch, to the batch to train on
            instead. A sentence may become longer; it stays in its batch, so `count` still holds.
        replicas: each batch is split into this many elements of equal size and T, one for each replica; empty
            sentences fill B up to a multiple.
        own: keep only the elements of these replicas; None: of all. Every worker draws the same batches and
            keeps the parts of its own replicas.
    """

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        # Odd and large: neighbouring seeds and epochs stay apart.
        epoch_seed = seed * 1_000_003 + number
        shuffled = dataset.shuffle(buffer_size, seed=epoch_seed, reshuffle_each_iteration=False)
        batches = _bucketed(shuffled, batch_size)
        if change is not None:
            numbered = batches.enumerate()
            batches = numbered.map(lambda number, batch: change(batch, tf.stack([epoch_seed, number])))
        batches = batches.shuffle(_BATCHES_AHEAD, seed=epoch_seed, reshuffle_each_iteration=False)
        if replicas == 1:
            return batches
        return batches.flat_map(lambda batch: _shares(batch, replicas, own or range(replicas)))

    numbers = tf.data.Dataset.from_tensor_slices(tf.constant(list(epochs), tf.int64))
    return numbers.flat_map(epoch).prefetch(_BATCHES_AHEAD)


def ordered_batches(dataset: tf.data.Dataset, *, batch_size: int) -> tf.data.Dataset:
    """Make batches for scoring: bucketed by length, not shuffled."""
    return _bucketed(dataset, batch_size).prefetch(tf.data.AUTOTUNE)


def _bucketed(dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    return dataset.bucket_by_sequence_length(
        lambda sentence: sentence.lengths,
        bucket_boundaries=[bound + 1 for bound in BUCKET_BOUNDARIES],
        bucket_batch_sizes=_batch_sizes(batch_size),
    )


def _batch_sizes(batch_size: int) -> list[int]:
    """Return B of each bucket: `batch_size`, less where its longest sentences need it; 1 past the last boundary."""
    return [max(1, min(batch_size, TOKENS_PER_BATCH // bound)) for bound in BUCKET_BOUNDARIES] + [1]


def _shares(batch: Batch, replicas: int, own: range) -> tf.data.Dataset:
    """Split a batch, padded by sentences of length 0, into `replicas` elements [B / replicas, T]; keep `own`."""
    missing = tf.math.floormod(-tf.shape(batch.lengths)[0], replicas)

    def share(tensor: tf.Tensor) -> tf.Tensor:
        padded = tf.pad(tensor, [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1))
        shares = tf.reshape(padded, tf.concat([[replicas, -1], tf.shape(padded)[1:]], 0))
        return shares[own.start : own.stop]

    return tf.data.Dataset.from_tensor_slices(Batch(*(share(tensor) for tensor in batch)))
