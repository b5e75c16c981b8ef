"""Paths drawn from the distribution."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import chain
from trainer.crf.conditionals import onward
from trainer.crf.likelihood import centred


def sample(
    emissions: Any,
    transitions: Any,
    *,
    seed: Any,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tf.Tensor:
    """Draws one path a sentence, exactly, from left to right.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        seed: int[2], as tf.random.stateless_uniform takes it: the same seed draws the same paths.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        int32[B, T], 0 after the end; tags that mean nothing where no path is legal.

    Raises:
        ValueError: shapes, types or lengths are not as described.
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
    ahead = onward(checked)  # [T', B, K]
    steps = tf.shape(ahead)[0]
    # The largest of scores plus Gumbel noise is a draw from their softmax. Never 0, which has no logarithm.
    uniform = tf.random.stateless_uniform(tf.shape(ahead), seed, dtype=ahead.dtype)
    uniform = tf.maximum(uniform, tf.constant(ahead.dtype.as_numpy_dtype(1e-37), ahead.dtype))
    noisy = ahead - tf.math.log(-tf.math.log(uniform))

    def draw(scores: tf.Tensor) -> tf.Tensor:
        return tf.argmax(scores, axis=1, output_type=tf.int32)

    first = draw(noisy[0] + checked.start_scores())
    paths = tf.TensorArray(tf.int32, size=steps, element_shape=first.shape).write(0, first)

    def advance(t: tf.Tensor, tag: tf.Tensor, paths: tf.TensorArray) -> tuple:
        tag = draw(noisy[t] + tf.gather(checked.transitions, tag))
        return t + 1, tag, paths.write(t, tag)

    _, _, paths = tf.while_loop(
        lambda t, *_: t < steps, advance, (1, first, paths), maximum_iterations=ahead.shape[0]
    )
    tags = tf.transpose(paths.stack())[:, : tf.shape(checked.valid)[1]]
    return tf.where(checked.valid, tf.ensure_shape(tags, checked.valid.shape), 0)
