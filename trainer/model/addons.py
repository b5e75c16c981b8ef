"""The two functions of a linear chain that training needs, by TensorFlow Addons: the only module that imports it.

Same returns as the methods of `trainer.crf.LinearChain`, so that either can be chosen by a setting. TensorFlow Addons
has neither start and end scores nor masks, so those of the chain are ignored; its gradient does not compile under XLA,
and it reads the padding, which is cleaned here before it does.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf import LinearChain
from trainer.crf.arguments.labels import checked_tags
from trainer.crf.arguments.potentials import Potentials


def log_likelihood(chain: LinearChain, tags: Any) -> tf.Tensor:
    """Compute log-likelihoods float[B], as `LinearChain.log_likelihood`; 0 for an empty sentence."""
    from tensorflow_addons.text import crf_log_likelihood

    potentials = chain.potentials.cleaned()
    emissions, tags = _with_two_steps(potentials, checked_tags(tags, potentials))
    likelihood, _ = crf_log_likelihood(emissions, tags, potentials.lengths, potentials.transitions)
    return tf.where(potentials.lengths > 0, likelihood, tf.zeros([], likelihood.dtype))


def viterbi(chain: LinearChain) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the best paths, tags int32[B, T], 0 after the end, and scores float[B], as `LinearChain.viterbi`."""
    from tensorflow_addons.text import crf_decode

    potentials = chain.potentials.cleaned()
    valid, lengths = potentials.valid, potentials.lengths
    emissions, _ = _with_two_steps(potentials, tf.zeros_like(valid, tf.int32))
    tags, score = crf_decode(emissions, potentials.transitions, lengths)
    tags = tf.ensure_shape(tags[:, : tf.shape(valid)[1]], valid.shape)
    return tf.where(valid, tags, 0), tf.where(lengths > 0, score, tf.zeros([], score.dtype))


def _with_two_steps(potentials: Potentials, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Pad emissions and tags by two columns, as its code for T = 0 and T = 1 ignores the lengths."""
    return tf.pad(potentials.emissions, [[0, 0], [0, 2], [0, 0]]), tf.pad(tags, [[0, 0], [0, 2]])
