"""The chain rule: a path's probability as the product of each tag's probability given the tag before it.

    log p(y_t = j | y_{t-1} = i) = log softmax_j(A[i, j] + u_t[j] + beta_t[j])

with u_t the emissions, A the transitions (for the first token the start scores) and beta_t the scores after
the step (see log_space.py). Weighted tokens and the probability of a span are computed from these factors.
"""

from __future__ import annotations

import tensorflow as tf

from trainer.crf.algorithms import log_space
from trainer.crf.algorithms.path_score import entries_of
from trainer.crf.algorithms.time_major import time_major
from trainer.crf.arguments.potentials import Potentials


def conditionals(potentials: Potentials, tags: tf.Tensor) -> tf.Tensor:
    """Compute the log-probability [B, T] of each of `tags` int32[B, T] given those before; 0 in the padding.

    -inf at the first forbidden step of a path and perhaps after it; such a path sends no gradient back.
    """
    rows = time_major(potentials, blocks=False)
    impossible = tf.constant(float("-inf"), potentials.dtype)
    onward = rows.unary + log_space.betas(rows)
    ahead = tf.transpose(onward, [1, 0, 2])[:, : tf.shape(tags)[1]]  # [B, T, K]
    steps = tf.gather(rows.transitions, tags[:, :-1])  # [B, T-1, K]
    first = tf.broadcast_to(rows.start, tf.shape(ahead[:, :1]))  # [B, 1, K], or no rows where T is 0
    scores = tf.concat([first, steps], axis=1)[:, : tf.shape(tags)[1]] + ahead
    taken = entries_of(scores, tags)  # [B, T]
    possible = taken != impossible
    taken = tf.where(possible, taken, tf.zeros_like(taken))
    terms = tf.where(possible, taken - log_space.logsumexp(scores, axis=2), impossible)
    terms = tf.where(potentials.valid, terms, tf.zeros_like(terms))
    legal = tf.reduce_all(possible | ~potentials.valid, axis=1, keepdims=True)
    return tf.where(legal, terms, tf.stop_gradient(terms))


def span_log_probability(potentials: Potentials, tags: tf.Tensor, spans: tf.Tensor) -> tf.Tensor:
    """Compute log p(y_s) + the sum over s < t < e of log p(y_t | y_{t-1}), [S], of spans int32[S, 3] (row, s, e)."""
    rows = time_major(potentials, blocks=False)
    alpha, _ = log_space.alphas(rows)
    logs = tf.transpose(log_space.log_softmax(alpha + log_space.betas(rows)), [1, 0, 2])  # [B, T', K]
    row, first, after = tf.unstack(spans, axis=1)
    # A span without tokens may begin where the sentence ends: there it reads any token.
    tag = tf.gather_nd(tf.pad(tags, [[0, 0], [0, 1]]), tf.stack([row, first], axis=1))
    begun = tf.gather_nd(logs, tf.stack([row, tf.minimum(first, tf.shape(logs)[1] - 1), tag], axis=1))
    terms = tf.gather(conditionals(potentials, tags), row)  # [S, T]
    token = tf.range(tf.shape(terms)[1])
    within = (token > first[:, tf.newaxis]) & (token < after[:, tf.newaxis])
    zero = tf.zeros([], terms.dtype)
    return tf.where(first < after, begun, zero) + tf.reduce_sum(tf.where(within, terms, zero), axis=1)
