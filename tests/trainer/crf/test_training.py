"""Training by hand on the functions alone."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer import crf
from trainer.model import addons


@pytest.mark.parametrize("module", [crf, addons], ids=["native", "addons"])
def test_a_step_written_by_hand_lowers_the_loss(module) -> None:
    """Unary potentials of one's own, sentences of many lengths, one trace."""
    random = np.random.default_rng(0)
    tags, features = 4, 6
    weights = tf.Variable(tf.zeros([features, tags]))
    transitions = tf.Variable(tf.zeros([tags, tags]))
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build([weights, transitions])

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, features]),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def step(inputs: tf.Tensor, labels: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            unary = tf.einsum("btf,fk->btk", inputs, weights)
            loss = -tf.reduce_mean(module.log_likelihood(unary, labels, transitions, lengths=lengths))
        variables = [weights, transitions]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    losses = []
    for turn in range(60):
        batch, steps = 8, 3 + turn % 5
        labels = np.cumsum(random.integers(1, 3, [batch, steps]), axis=1) % tags
        inputs = np.eye(features)[labels + (random.random(labels.shape) < 0.3)]
        lengths = random.integers(1, steps + 1, batch)
        losses.append(float(step(inputs.astype("f"), labels.astype("i"), lengths.astype("i"))))
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:5])
    assert step.experimental_get_tracing_count() == 1
