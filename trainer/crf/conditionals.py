"""The chain rule: a path's probability as the product of each tag's probability given the tags before it.

    log p(y_t = j | y_{t-1} = i) = log softmax_j(A[i, j] + u_t[j] + beta_t[j])

with u_t the emissions, A the transitions (for the first token the start scores) and beta_t what follows the
step (see log_space.py). Weighted tokens, samples and the probability of a span are all read off it.
"""

from __future__ import annotations

import tensorflow as tf

from trainer.crf import log_space
from trainer.crf.arguments import Chain
from trainer.crf.blocks import time_major
from trainer.crf.scores import held


def onward(chain: Chain) -> tf.Tensor:
    """[max(T, 1), B, K]: the step's emissions and all that follows, each row up to a constant."""
    unary = time_major(chain.emissions)
    return unary + log_space.betas(unary, chain.transitions, chain.end_scores(), chain.lengths)


def conditionals(chain: Chain, tags: tf.Tensor) -> tf.Tensor:
    """[B, T]: the log-probability of each of `tags` int32[B, T] given the tags before it; 0 in the padding.

    -inf at the first forbidden step of a path and perhaps after it; such a path sends no gradient back.
    """
    impossible = tf.constant(float("-inf"), chain.dtype)
    ahead = tf.transpose(onward(chain), [1, 0, 2])[:, : tf.shape(tags)[1]]  # [B, T, K]
    steps = tf.gather(chain.transitions, tags[:, :-1])  # [B, T-1, K]
    first = tf.broadcast_to(
        chain.start_scores(), tf.shape(ahead[:, :1])
    )  # [B, 1, K], or no rows where T is 0
    scores = tf.concat([first, steps], axis=1)[:, : tf.shape(tags)[1]] + ahead
    taken = held(scores, tags)  # [B, T]
    possible = taken != impossible
    taken = tf.where(possible, taken, tf.zeros_like(taken))
    terms = tf.where(possible, taken - log_space.logsumexp(scores, axis=2), impossible)
    terms = tf.where(chain.valid, terms, tf.zeros_like(terms))
    legal = tf.reduce_all(possible | ~chain.valid, axis=1, keepdims=True)
    return tf.where(legal, terms, tf.stop_gradient(terms))
