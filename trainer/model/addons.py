"""The two CRF functions the trainer needs, computed by TensorFlow Addons: the only module that imports it.

Same shapes and returns as `trainer.crf`, so that either can be chosen by a setting. TensorFlow Addons
has neither start and end scores nor masks, its gradient does not compile under XLA, and it reads the
padding; the padding is cleaned here before it does.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import Chain, chain, checked_tags


def log_likelihood(emissions: Any, tags: Any, transitions: Any, *, lengths: Any) -> tf.Tensor:
    """float[B]: as `trainer.crf.log_likelihood`, 0 for an empty sentence.

    Args:
        emissions: float[B, T, K].
        tags: int[B, T].
        transitions: float[K, K], from tag i to tag j.
        lengths: int32[B], 0..T.

    Raises:
        ValueError: shapes, types, lengths or tags are not as described.
    """
    from tensorflow_addons.text import crf_log_likelihood

    checked = chain(emissions, transitions, lengths=lengths)
    found, _ = crf_log_likelihood(
        *_with_a_step(checked, checked_tags(tags, checked)), checked.lengths, checked.transitions
    )
    return tf.where(checked.lengths > 0, found, tf.zeros([], found.dtype))


def viterbi(emissions: Any, transitions: Any, *, lengths: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags int32[B, T], 0 after the end, and scores float[B]: as `trainer.crf.viterbi`.

    Args:
        emissions: float[B, T, K].
        transitions: float[K, K], from tag i to tag j.
        lengths: int32[B], 0..T.

    Raises:
        ValueError: shapes, types or lengths are not as described.
    """
    from tensorflow_addons.text import crf_decode

    checked = chain(emissions, transitions, lengths=lengths)
    padded, _ = _with_a_step(checked, tf.zeros_like(checked.valid, tf.int32))
    tags, score = crf_decode(padded, checked.transitions, checked.lengths)
    tags = tf.ensure_shape(tags[:, : tf.shape(checked.valid)[1]], checked.valid.shape)
    score = tf.where(checked.lengths > 0, score, tf.zeros([], score.dtype))
    return tf.where(checked.valid, tags, 0), score


def _with_a_step(checked: Chain, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Emissions and tags with two columns of padding more: its paths for T = 0 and T = 1 ignore the
    lengths."""
    return tf.pad(checked.emissions, [[0, 0], [0, 2], [0, 0]]), tf.pad(tags, [[0, 0], [0, 2]])
