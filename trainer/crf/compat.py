"""The functional interface of tensorflow_addons.text, so that old code moves by changing an import.

Same names, arguments, shapes and return values. The differences correct errors: lengths and padding are
honoured at T = 0 and T = 1, an empty sentence scores 0, decoded tags after the end are 0, and gradients compile
under XLA.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from trainer.crf.linear_chain import LinearChain


def crf_filtered_inputs(inputs: Any, tag_bitmap: Any) -> tf.Tensor:
    """Set the inputs [B, T, K] to -inf where `tag_bitmap` bool[B, T, K] is false."""
    inputs = tf.convert_to_tensor(inputs)
    return tf.where(tf.cast(tag_bitmap, tf.bool), inputs, tf.constant(float("-inf"), inputs.dtype))


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> tf.Tensor:
    """Score paths, [B]: see `LinearChain.score`."""
    return LinearChain(inputs, transition_params, lengths=sequence_lengths).score(tag_indices)


def crf_multitag_sequence_score(
    inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any
) -> tf.Tensor:
    """Sum the exponentials of the scores of all paths through `tag_bitmap` bool[B, T, K]: the logarithm, [B]."""
    return crf_log_norm(crf_filtered_inputs(inputs, tag_bitmap), sequence_lengths, transition_params)


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> tf.Tensor:
    """Compute log Z [B]: see `LinearChain.log_norm`."""
    return LinearChain(inputs, transition_params, lengths=sequence_lengths).log_norm()


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[tf.Tensor, Any]:
    """Compute log-likelihoods [B]; also returns the transitions, a new Glorot-initialized variable if None."""
    if transition_params is None:
        tags = tf.convert_to_tensor(inputs).shape[2]
        initial = tf.keras.initializers.GlorotUniform()(shape=[tags, tags])
        transition_params = tf.Variable(initial, name="transitions")
    chain = LinearChain(inputs, transition_params, lengths=sequence_lengths)
    return chain.log_likelihood(tag_indices), transition_params


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the best paths, tags int32[B, T] and scores [B]: see `LinearChain.viterbi`."""
    return LinearChain(potentials, transition_params, lengths=sequence_length).viterbi()


def crf_constrained_decode(
    potentials: Any, tag_bitmap: Any, transition_params: Any, sequence_length: Any
) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the best paths, as `crf_decode`, among those through `tag_bitmap` bool[B, T, K]."""
    return crf_decode(crf_filtered_inputs(potentials, tag_bitmap), transition_params, sequence_length)


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], np.floating]:
    """Find the best tags of one sentence, `score` [T, K], as a list, and their score; not for graphs."""
    emissions = tf.convert_to_tensor(score)[tf.newaxis]
    tags, best = crf_decode(emissions, transition_params, [emissions.shape[1]])
    return tags[0].numpy().tolist(), best[0].numpy()
