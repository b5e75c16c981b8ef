"""Against the same convolution over tokens padded each for itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.features import token_features
from trainer.model import byte_cnn

EMBEDDING = tf.random.stateless_normal([256, 5], [1, 2])
BIAS = tf.random.stateless_normal([7], [1, 3])


def _ours(
    tokens: tf.Tensor, filters: tf.Tensor, bias: tf.Tensor, embedding: tf.Tensor, most: int
) -> tf.Tensor:
    row = byte_cnn.row_of(tokens, max_bytes=most, width=filters.shape[0])
    x = tf.gather(embedding, row.ids) * tf.cast(row.ids > 0, tf.float32)[:, tf.newaxis]
    return tf.reshape(byte_cnn.strongest(x, filters, bias, row), [*tokens.shape, 7])


def _padded(
    tokens: tf.Tensor, filters: tf.Tensor, bias: tf.Tensor, embedding: tf.Tensor, most: int
) -> tf.Tensor:
    ids = tf.reshape(token_features.byte_ids(tokens, most), [-1, most])
    present = tf.cast(ids > 0, tf.float32)[:, :, tf.newaxis]
    found = tf.nn.conv1d(tf.gather(embedding, ids) * present, filters, stride=1, padding="SAME")
    return tf.reshape(tf.reduce_max(tf.nn.relu(found + bias) * present, axis=1), [*tokens.shape, 7])


TOKENS = st.text(max_size=9).map(lambda text: text.encode("utf-8", "replace"))


@settings(max_examples=30, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=6), st.integers(2, 5), st.integers(4, 12))
def test_every_token_as_if_it_were_alone_and_padded(tokens: list[bytes], width: int, most: int) -> None:
    given_tokens = tf.constant([tokens])
    filters = tf.random.stateless_normal([width, 5, 7], [width, 4])
    ours = _ours(given_tokens, filters, BIAS, EMBEDDING, most)
    np.testing.assert_allclose(ours, _padded(given_tokens, filters, BIAS, EMBEDDING, most), atol=1e-5)


@pytest.mark.parametrize("tokens", [[["Anna", "met", ""], ["x" * 40, "", ""]], [["", ""]]])
def test_gradients_are_those_of_the_padded_form(tokens: list[list[str]]) -> None:
    weights = [tf.random.stateless_normal([3, 5, 7], [3, 4]), BIAS, EMBEDDING]
    gradients = []
    for form in (_ours, _padded):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            found = form(tf.constant(tokens), *weights, 16)
            loss = tf.reduce_sum(found * tf.random.stateless_normal(found.shape, [5, 6]))
        gradients.append([tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)])
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
