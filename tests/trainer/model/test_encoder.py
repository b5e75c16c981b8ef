from __future__ import annotations

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.conftest import SENTENCES, SMALL, split
from trainer.features.inputs import Inputs, inputs_of
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model.encoder import Encoder

TAGS = 5
DEEP = msgspec.structs.replace(SMALL, lstm_layers=3)


def _encoder(vocabulary: Vocabulary, hp: Hyperparameters) -> Encoder:
    return Encoder(
        hp,
        word_ids=vocabulary.word_ids,
        num_tags=TAGS,
        affixes=vocabulary.affixes,
        singletons=vocabulary.singleton_flags(),
    )


def _inputs(vocabulary: Vocabulary, sentences: list[list[str]]) -> Inputs:
    tokens = tf.ragged.constant(sentences, tf.string, ragged_rank=1)
    lengths = tf.cast(tokens.row_lengths(), tf.int32)
    return inputs_of(tokens.to_tensor(), lengths, vocabulary.word_table())


TOKENS = [split(sentence)[0] for sentence in SENTENCES]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("hp", [SMALL, DEEP], ids=["one layer", "three"])
def test_a_sentence_has_the_same_emissions_alone_and_in_a_batch(
    hp: Hyperparameters, fused: bool, vocabulary: Vocabulary
) -> None:
    encoder = _encoder(vocabulary, hp)
    together = encoder(_inputs(vocabulary, [*TOKENS, []]), fused=fused).numpy()
    assert np.isfinite(together).all()
    for row, tokens in enumerate(TOKENS):
        alone = encoder(_inputs(vocabulary, [tokens]), fused=fused).numpy()[0]
        np.testing.assert_allclose(together[row, : len(tokens)], alone, atol=1e-5)


def test_the_sentence_scores_are_the_same_for_each_of_its_tokens(vocabulary: Vocabulary) -> None:
    encoder = _encoder(vocabulary, SMALL)
    inputs = _inputs(vocabulary, TOKENS)
    emissions = encoder(inputs).numpy()
    encoder.sentence_projection.assign(tf.zeros_like(encoder.sentence_projection))
    by_sentence = emissions - encoder(inputs).numpy()
    for row, tokens in enumerate(TOKENS):
        scores = by_sentence[row, : len(tokens)]
        np.testing.assert_allclose(scores, np.broadcast_to(scores[:1], scores.shape), atol=1e-5)
    assert np.std(by_sentence[:, 0], axis=0).min() > 1e-3


def test_the_sentence_scores_are_of_its_tokens_strongest_states(vocabulary: Vocabulary) -> None:
    encoder = _encoder(vocabulary, SMALL)
    units = 2 * SMALL.lstm_units
    # Emissions that are the states themselves, and then what the sentence adds to them, by numpy.
    encoder.projection = tf.Variable(tf.eye(units))
    encoder.projection_bias = tf.Variable(tf.zeros([units]))
    widths = SMALL.sentence_vector, units
    encoder.sentence_projection = tf.Variable(tf.zeros(widths))
    inputs = _inputs(vocabulary, TOKENS)
    states = encoder(inputs).numpy()
    scores = np.random.default_rng(1).normal(size=widths).astype(np.float32)
    encoder.sentence_projection.assign(scores)
    encoder.sentence_bias.assign(np.linspace(-1, 1, SMALL.sentence_vector))
    added = encoder(inputs).numpy() - states
    for row, tokens in enumerate(TOKENS):
        strongest = states[row, : len(tokens)].max(axis=0)
        vector = np.tanh(strongest @ encoder.sentence_filters.numpy() + encoder.sentence_bias.numpy())
        np.testing.assert_allclose(added[row, 0], vector @ scores, atol=1e-4)


def test_all_weights_of_all_layers_are_learned(vocabulary: Vocabulary) -> None:
    encoder = _encoder(vocabulary, DEEP)
    assert (
        len(encoder.trainable_variables) == len(_encoder(vocabulary, SMALL).trainable_variables) + 2 * 2 * 3
    )
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(encoder(_inputs(vocabulary, TOKENS), seed=tf.constant([1, 2])) ** 2)
    for variable, gradient in zip(
        encoder.trainable_variables, tape.gradient(loss, encoder.trainable_variables), strict=True
    ):
        assert gradient is not None, variable.name
        assert np.abs(tf.convert_to_tensor(gradient).numpy()).max() > 0, variable.name
