"""The probability that a stretch of a sentence is tagged just so, whatever stands around it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf import log_space
from trainer.crf.arguments import chain, checked_tags
from trainer.crf.blocks import time_major
from trainer.crf.conditionals import conditionals
from trainer.crf.likelihood import centred


def span_log_probability(
    emissions: Any,
    tags: Any,
    transitions: Any,
    *,
    spans: Any,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tf.Tensor:
    """Log-probabilities of spans: log p(y_s) + the sum over s < t < e of log p(y_t | y_{t-1}).

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        tags: int[B, T], the tags that the spans are asked about.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        spans: int[S, 3], each a row of the batch, its first token and the token after its last.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        float[S]; -inf where the masks forbid it, 0 for a span without tokens.

    Raises:
        ValueError: shapes, types, lengths or tags are not as described.
        tf.errors.InvalidArgumentError: a span reaches outside its sentence.
    """
    checked, _ = centred(
        chain(
            emissions,
            transitions,
            lengths=lengths,
            start=start,
            end=end,
            allowed=allowed,
            allowed_start=allowed_start,
            allowed_end=allowed_end,
        )
    )
    tags = checked_tags(tags, checked)
    spans = tf.convert_to_tensor(spans, name="spans")
    if not spans.dtype.is_integer or not spans.shape.is_compatible_with([None, 3]):
        raise ValueError(
            f"spans: expected whole numbers of shape [S, 3], got {spans.dtype.name} {spans.shape}"
        )
    spans = tf.cast(tf.ensure_shape(spans, [None, 3]), tf.int32)
    row, first, after = spans[:, 0], spans[:, 1], spans[:, 2]
    batch = tf.shape(checked.lengths)[0]
    known = (row >= 0) & (row < batch)
    row = tf.where(known, row, 0)
    inside = known & (first >= 0) & (first <= after)
    inside &= after <= tf.gather(tf.pad(checked.lengths, [[0, 1]]), row)
    asserted = tf.debugging.Assert(
        tf.reduce_all(inside), ["spans: expected row, first and after within their sentences, got", spans]
    )
    with tf.control_dependencies([] if asserted is None else [asserted]):
        row = tf.identity(row)

    unary = time_major(checked.emissions)
    alpha, _ = log_space.alphas(unary, checked.transitions, checked.start_scores())
    beta = log_space.betas(unary, checked.transitions, checked.end_scores(), checked.lengths)
    logs = tf.transpose(alpha + beta, [1, 0, 2])  # [B, T', K], up to a constant each
    # One row and one column more than there are, so that a span without tokens reads something.
    held = tf.pad(tags, [[0, 1], [0, 1]])
    alone = tf.pad(log_space.log_softmax(logs), [[0, 1], [0, 1], [0, 0]])  # [B+1, T'+1, K]
    begun = tf.gather_nd(alone, tf.stack([row, first, tf.gather_nd(held, tf.stack([row, first], 1))], 1))
    terms = tf.gather(tf.pad(conditionals(checked, tags), [[0, 1], [0, 0]]), row)  # [S, T]
    token = tf.range(tf.shape(terms)[1])
    within = (token > first[:, tf.newaxis]) & (token < after[:, tf.newaxis])
    zero = tf.zeros([], terms.dtype)
    return tf.where(first < after, begun, zero) + tf.reduce_sum(tf.where(within, terms, zero), axis=1)
