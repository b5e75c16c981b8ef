"""The exact probability of each tag at each token."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf import guarded, log_space
from trainer.crf.arguments import Chain, chain
from trainer.crf.blocks import batch_major, time_major
from trainer.crf.likelihood import centred


def marginals(
    emissions: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tf.Tensor:
    """The probability of each tag at each token, every other token left open.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        float[B, T, K], 0 after the end and where no path is legal. Differentiable.

    Raises:
        ValueError: shapes, types or lengths are not as described.
    """
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
    shifted, _ = centred(checked)
    return chain_marginals(shifted)


def chain_marginals(chain: Chain) -> tf.Tensor:
    """[B, T, K] of a checked chain.

    Its gradient is that of the same quantity written with logarithms only and differentiated step by
    step: slower than the closed form, which has no second derivative, and needed only where a loss is
    put on the marginals themselves.
    """

    @tf.custom_gradient
    def run(emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tuple:
        given = (emissions, transitions, start, end)
        value = guarded.tag_marginals(
            chain._replace(emissions=emissions, transitions=transitions, start=start, end=end)
        )

        def gradient(upstream: tf.Tensor) -> tuple:
            with tf.GradientTape() as tape:
                tape.watch(given)
                unary = time_major(emissions)
                posterior = log_space.posterior(unary, transitions, start, end, chain.lengths)
                again = batch_major(posterior, emissions)
            return tape.gradient(again, given, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        return value, gradient

    return run(chain.emissions, chain.transitions, chain.start_scores(), chain.end_scores())


def pair_marginals(
    emissions: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tf.Tensor:
    """The probability of each pair of tags at each two neighbouring tokens.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        float[B, T-1, K, K] (no steps where T is 0); entry [b, t, i, j] is the probability of tag i at token t
        and tag j at token t+1. 0 after the end and where no path is legal. Differentiable.

    Raises:
        ValueError: shapes, types or lengths are not as described.
    """
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
    shifted, _ = centred(checked)
    unary = time_major(shifted.emissions)
    alpha, _ = log_space.alphas(unary, shifted.transitions, shifted.start_scores())
    onward = unary + log_space.betas(unary, shifted.transitions, shifted.end_scores(), shifted.lengths)
    scores = alpha[:-1, :, :, tf.newaxis] + shifted.transitions + onward[1:, :, tf.newaxis, :]
    pairs = tf.transpose(log_space.softmax(scores, axis=[2, 3]), [1, 0, 2, 3])
    return tf.where(shifted.valid[:, 1:, tf.newaxis, tf.newaxis], pairs, tf.zeros([], pairs.dtype))
