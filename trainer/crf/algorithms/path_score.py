"""The score of a path."""

from __future__ import annotations

import tensorflow as tf

from trainer.crf.arguments.potentials import Potentials


def path_score(potentials: Potentials, tags: tf.Tensor) -> tf.Tensor:
    """Score the paths int32[B, T], 0 in their padding: [B], minus infinity where a path takes a forbidden step."""
    zero = tf.zeros([], potentials.dtype)
    valid = potentials.valid
    unary = tf.where(valid, entries_of(potentials.emissions, tags), zero)  # [B, T]
    pairs = tf.stack([tags[:, :-1], tags[:, 1:]], axis=-1)
    steps = tf.where(valid[:, 1:], tf.gather_nd(potentials.transitions, pairs), zero)  # [B, T-1]
    score = tf.reduce_sum(unary, axis=1) + tf.reduce_sum(steps, axis=1)
    if potentials.start is None and potentials.end is None:
        return score
    first, last = edge_tags(potentials.lengths, tags)
    edges = tf.zeros_like(score)
    if potentials.start is not None:
        edges += tf.gather(potentials.start, first)
    if potentials.end is not None:
        edges += tf.gather(potentials.end, last)
    return score + tf.where(potentials.lengths > 0, edges, zero)


def entries_of(rows: tf.Tensor, tags: tf.Tensor) -> tf.Tensor:
    """Gather from each row of [B, T, K] the entry of its tag: [B, T].

    Gathered from one flat axis, because the gradient of a batched gather fails where an axis is empty.
    """
    shape = tf.shape(rows)
    first = tf.reshape(tf.range(shape[0] * shape[1]) * shape[2], shape[:2])
    return tf.gather(tf.reshape(rows, [-1]), first + tags)


def edge_tags(lengths: tf.Tensor, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return first and last tag of each sentence, int32[B] each; 0 for an empty one, even when T is 0."""
    padded = tf.pad(tags, [[0, 0], [0, 1]])  # [B, T+1]: there is always a column to read
    return padded[:, 0], tf.gather(padded, tf.maximum(lengths - 1, 0), batch_dims=1)
