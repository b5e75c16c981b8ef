"""The best path: Viterbi."""

from __future__ import annotations

import tensorflow as tf

from trainer.crf.algorithms.time_major import (
    at_last,
    block_reader,
    block_size,
    block_writer,
    join_blocks,
    padded_rows,
    split_blocks,
)
from trainer.crf.arguments.potentials import Potentials


def best_path(potentials: Potentials) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the best path, tags int32[B, T] and score [B]; the padding of the emissions may hold anything."""
    steps = potentials.emissions.shape[1]
    if steps is not None:
        return _of_one_token(potentials) if steps <= 1 else _of_more(potentials)
    # Not inlined: an executor visits every node of the branch that was not taken.
    more = tf.function(
        lambda: _of_more(potentials), autograph=False, experimental_attributes={"_noinline": True}
    )
    return tf.cond(tf.shape(potentials.emissions)[1] <= 1, lambda: _of_one_token(potentials), more)


def _of_one_token(potentials: Potentials) -> tuple[tf.Tensor, tf.Tensor]:
    """Find tags [B, T] and scores [B] for T = 0 or 1: without steps, hence without loop and transitions.

    As few operations as can be: at this size each costs as much as all the arithmetic.
    """
    final = with_edge(with_edge(potentials.emissions, potentials.start), potentials.end)  # [B, T, K]
    real = potentials.lengths[:, tf.newaxis] > 0  # [B, 1]
    tags = tf.where(real, tf.argmax(final, axis=2, output_type=tf.int32), 0)
    best = tf.where(real, tf.reduce_max(final, axis=2), tf.zeros([], final.dtype))  # [B, T]
    return tags, tf.reduce_sum(best, axis=1)


def _of_more(potentials: Potentials) -> tuple[tf.Tensor, tf.Tensor]:
    """Find tags [B, T] and scores [B] for any T."""
    lengths, valid = potentials.lengths, potentials.valid
    block = block_size(potentials.emissions.shape[1])
    alphas = best_ahead(potentials, block)
    final = with_edge(at_last(alphas, lengths), potentials.end)  # [B, K]
    tags = _trace_back(potentials, alphas, tf.argmax(final, axis=1, output_type=tf.int32), block)
    tags = tf.transpose(tags)[:, : tf.shape(potentials.emissions)[1]]
    score = tf.where(lengths > 0, tf.reduce_max(final, axis=1), tf.zeros([], final.dtype))
    return tf.ensure_shape(tf.where(valid, tags, 0), valid.shape), score


def with_edge(scores: tf.Tensor, edge: tf.Tensor | None) -> tf.Tensor:
    """Add the start or end scores, if any, to scores [..., K]."""
    return scores if edge is None else scores + edge


def best_ahead(potentials: Potentials, block: int) -> tf.Tensor:
    """Compute the score [T', B, K] of the best path that ends in each tag at each token, padding included."""
    unary = padded_rows(potentials.emissions, block)
    parts = split_blocks(unary, block)
    source, kept = block_reader(parts), block_writer(parts)
    number = tf.shape(parts)[0]

    def advance(n: tf.Tensor, best: tf.Tensor, kept: tf.TensorArray) -> tuple:
        rows = []
        for emission in tf.unstack(source.read(n), num=block):
            alpha = emission + best  # [B, K]
            rows.append(alpha)
            best = tf.reduce_max(alpha[:, :, tf.newaxis] + potentials.transitions, axis=1)
        return n + 1, best, kept.write(n, tf.stack(rows))

    first = with_edge(tf.zeros_like(unary[0]), potentials.start)
    _, _, kept = tf.while_loop(
        lambda n, *_: n < number, advance, (0, first, kept), maximum_iterations=parts.shape[0]
    )
    return join_blocks(kept.stack(), unary)


def _trace_back(potentials: Potentials, alphas: tf.Tensor, last: tf.Tensor, block: int) -> tf.Tensor:
    """Follow the path back from the tags int32[B] that it ends in: int32[T', B].

    Predecessors are searched only for the tags on the path: T x B searches among K tags instead of T x B x K.
    The sums are those of the forward pass, digit for digit, so that ties fall alike.
    """
    into = tf.transpose(potentials.transitions)  # [K, K]: row j holds the scores of the steps into j
    parts = split_blocks(alphas, block)
    source = block_reader(parts)
    number = tf.shape(parts)[0]
    path = tf.TensorArray(tf.int32, size=number, element_shape=[block, last.shape[0]])
    # Of all steps at once: in the loop each operation is paid for T times.
    inner = tf.range(tf.shape(alphas)[0])[:, tf.newaxis] < potentials.lengths - 1  # [T', B]
    inner = tf.reshape(inner, tf.shape(parts)[:3])

    def retreat(n: tf.Tensor, tag: tf.Tensor, path: tf.TensorArray) -> tuple:
        rows = []
        steps = zip(tf.unstack(source.read(n), num=block), tf.unstack(inner[n], num=block), strict=True)
        for alpha, before_last in reversed(list(steps)):
            before = tf.argmax(alpha + tf.gather(into, tag), axis=1, output_type=tf.int32)
            tag = tf.where(before_last, before, last)
            rows.append(tag)
        return n - 1, tag, path.write(n, tf.stack(rows[::-1]))

    _, _, path = tf.while_loop(
        lambda n, *_: n >= 0, retreat, (number - 1, last, path), maximum_iterations=parts.shape[0]
    )
    return tf.reshape(path.stack(), tf.shape(alphas)[:2])
