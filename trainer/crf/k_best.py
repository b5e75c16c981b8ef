"""The k best paths and their true probabilities."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import Chain, chain
from trainer.crf.blocks import time_major
from trainer.crf.guarded import log_norm
from trainer.crf.likelihood import centred


def k_best(
    emissions: Any,
    transitions: Any,
    *,
    k: int,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The k best legal paths, best first; the first is Viterbi's.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        k: how many paths, at least 1.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        tags int32[B, k, T] (0 after the end), scores float[B, k] and log-probabilities float[B, k]. A
        sentence with fewer than k legal paths has -inf in both, and tags 0, for the missing ones; an
        empty sentence has one path.

    Raises:
        ValueError: k is not a positive whole number, or shapes, types or lengths are not as described.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k: expected a whole number of paths, at least 1, got {k!r}")
    checked = chain(
        emissions,
        transitions,
        lengths=lengths,
        start=start,
        end=end,
        allowed=allowed,
        allowed_start=allowed_start,
        allowed_end=allowed_end,
    )
    tags, scores = best_paths(checked, k)
    shifted, peaks = centred(checked)
    norm = log_norm(shifted) + peaks
    missing = tf.constant(float("-inf"), scores.dtype)
    found = tf.math.is_finite(scores)
    log_probabilities = tf.where(found, tf.minimum(scores - norm[:, tf.newaxis], 0.0), missing)
    return tags, scores, log_probabilities


def best_paths(chain: Chain, k: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags int32[B, k, T] and scores [B, k] of a checked chain."""
    unary = time_major(chain.emissions)  # [T', B, K]
    shape = tf.shape(unary)
    steps, batch, tags = shape[0], shape[1], shape[2]
    minus_infinity = tf.constant(float("-inf"), unary.dtype)
    first = unary[0] if chain.start is None else unary[0] + chain.start  # [B, K]
    # alpha[b, j, r] is the score of the r-th best path that ends in tag j; at first there is one path each.
    alpha = tf.pad(first[:, :, tf.newaxis], [[0, 0], [0, 0], [0, k - 1]], constant_values=float("-inf"))
    static = [unary.shape[1], unary.shape[2], k]
    alpha = tf.ensure_shape(alpha, static)
    into = tf.transpose(chain.transitions)  # [K, K]: row j holds the scores of the steps into j
    pointers = tf.TensorArray(tf.int32, size=steps, element_shape=static).write(
        0, tf.zeros(tf.shape(alpha), tf.int32)
    )

    def forward(t: tf.Tensor, alpha: tf.Tensor, final: tf.Tensor, pointers: tf.TensorArray) -> tuple:
        # [B, to, from, r]; the lower predecessor wins a tie, as in Viterbi
        candidates = alpha[:, tf.newaxis, :, :] + into[:, :, tf.newaxis]
        best, index = tf.math.top_k(tf.reshape(candidates, [batch, tags, tags * k]), k)
        alpha = tf.ensure_shape(unary[t][:, :, tf.newaxis] + best, static)
        final = tf.where((t < chain.lengths)[:, tf.newaxis, tf.newaxis], alpha, final)
        return t + 1, alpha, final, pointers.write(t, index)

    _, _, final, pointers = tf.while_loop(lambda t, *_: t < steps, forward, (1, alpha, alpha, pointers))
    came_from = tf.reshape(pointers.stack(), [steps, batch, tags * k])

    if chain.end is not None:
        final += chain.end[:, tf.newaxis]
    scores, last = tf.math.top_k(tf.reshape(final, [batch, tags * k]), k)  # [B, k]; last = tag * k + rank
    scores = tf.ensure_shape(scores, [unary.shape[1], k])
    empty = tf.concat([tf.zeros([1], unary.dtype), tf.fill([k - 1], minus_infinity)], 0)
    scores = tf.where((chain.lengths > 0)[:, tf.newaxis], scores, empty)

    paths = tf.TensorArray(tf.int32, size=steps, element_shape=[unary.shape[1], k])
    last = tf.ensure_shape(last, [unary.shape[1], k])

    def backward(t: tf.Tensor, state: tf.Tensor, paths: tf.TensorArray) -> tuple:
        paths = paths.write(t, state // k)
        before = tf.gather(came_from[t], state, batch_dims=1)
        return t - 1, tf.where((t < chain.lengths)[:, tf.newaxis], before, last), paths

    _, _, paths = tf.while_loop(lambda t, *_: t >= 0, backward, (steps - 1, last, paths))
    best = tf.transpose(paths.stack(), [1, 2, 0])[:, :, : tf.shape(chain.emissions)[1]]  # [B, k, T]
    best = tf.ensure_shape(best, [unary.shape[1], k, chain.emissions.shape[1]])
    real = chain.valid[:, tf.newaxis, :] & tf.math.is_finite(scores)[:, :, tf.newaxis]
    return tf.where(real, best, 0), scores
