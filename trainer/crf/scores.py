"""The score of one given path."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import Chain, chain, checked_tags


def sequence_score(
    emissions: Any,
    tags: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
) -> tf.Tensor:
    """Scores of given tag sequences, not normalized.

    Args:
        emissions: float[B, T, K].
        tags: int[B, T]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.

    Returns:
        float[B]: sum of the emissions, transitions, start and end scores along the path; 0 for an empty
        sentence.

    Raises:
        ValueError: shapes, types, lengths or tags are not as described.
    """
    checked = chain(emissions, transitions, lengths=lengths, start=start, end=end)
    return path_score(checked, checked_tags(tags, checked))


def path_score(chain: Chain, tags: tf.Tensor) -> tf.Tensor:
    """[B]; minus infinity where the path takes a forbidden step. `tags` come from `checked_tags`."""
    zero = tf.zeros([], chain.dtype)
    unary = tf.where(chain.valid, held(chain.emissions, tags), zero)  # [B, T]
    steps = tf.gather_nd(chain.transitions, tf.stack([tags[:, :-1], tags[:, 1:]], axis=-1))  # [B, T-1]
    steps = tf.where(chain.valid[:, 1:], steps, zero)
    score = tf.reduce_sum(unary, axis=1) + tf.reduce_sum(steps, axis=1)
    if chain.start is None and chain.end is None:
        return score
    first, last = edge_tags(chain.lengths, tags)
    edges = tf.zeros_like(score)
    if chain.start is not None:
        edges += tf.gather(chain.start, first)
    if chain.end is not None:
        edges += tf.gather(chain.end, last)
    return score + tf.where(chain.lengths > 0, edges, zero)


def held(rows: tf.Tensor, tags: tf.Tensor) -> tf.Tensor:
    """[B, T]: of each row of [B, T, K] the entry of its tag.

    Gathered from one flat axis, because the gradient of a batched gather fails where an axis is empty.
    """
    shape = tf.shape(rows)
    first = tf.reshape(tf.range(shape[0] * shape[1]) * shape[2], shape[:2])
    return tf.gather(tf.reshape(rows, [-1]), first + tags)


def edge_tags(lengths: tf.Tensor, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """First and last tag of each sentence, int32[B] each; 0 for an empty one, even when T is 0."""
    padded = tf.pad(tags, [[0, 0], [0, 1]])  # [B, T+1]: there is always a column to read
    return padded[:, 0], tf.gather(padded, tf.maximum(lengths - 1, 0), batch_dims=1)
