"""TensorFlow Addons returns what our own CRF does."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf import LinearChain
from trainer.model import addons

NATIVE = LinearChain.log_likelihood, LinearChain.viterbi
ADDONS = addons.log_likelihood, addons.viterbi


def case(kind: str, *, batch: int = 5, steps: int = 12, tags: int = 6) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(4)

    def scores(*shape: int) -> np.ndarray:
        if kind == "whole":
            return random.integers(-1, 2, shape).astype(np.float64)
        return np.full(shape, 0.5) if kind == "equal" else random.normal(size=shape)

    lengths = np.array([steps, 7, 1, 0, 2], np.int32)[:batch]
    gold = random.integers(0, tags, [batch, steps]).astype(np.int32)
    return scores(batch, steps, tags), gold, scores(tags, tags), np.minimum(lengths, steps)


@pytest.mark.parametrize("steps", [12, 2, 1, 0])
@pytest.mark.parametrize("kind", ["normal", "whole", "equal"])
@pytest.mark.parametrize("compiled", [False, True])
def test_the_same_in_float64(kind: str, steps: int, compiled: bool) -> None:
    emissions, gold, transitions, lengths = (tf.constant(value) for value in case(kind, steps=steps))

    def results(log_likelihood, viterbi) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            chain = LinearChain(emissions, transitions, lengths=lengths)
            likelihood = log_likelihood(chain, gold)
        return [likelihood, *tape.gradient(likelihood, [emissions, transitions]), *viterbi(chain)]

    theirs = tf.function(lambda: results(*ADDONS))()
    ours = tf.function(lambda: results(*NATIVE), jit_compile=compiled)()
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(ours[3], theirs[3])
    if compiled:  # XLA may add the two terms of a step in one instruction
        np.testing.assert_allclose(ours[4], theirs[4], rtol=1e-14)
    else:
        np.testing.assert_array_equal(ours[4], theirs[4])


def test_padding_and_empty_sentences() -> None:
    emissions, gold, transitions, lengths = case("normal")
    padding = np.arange(emissions.shape[1]) >= lengths[:, np.newaxis]
    emissions[padding], gold[padding] = np.nan, -100
    chain = LinearChain(emissions, transitions, lengths=lengths)
    for log_likelihood, viterbi in (ADDONS, NATIVE):
        likelihood = log_likelihood(chain, gold).numpy()
        assert np.isfinite(likelihood).all()
        assert likelihood[3] == 0
        tags, score = viterbi(chain)
        assert not tags.numpy()[padding].any()
        assert score[3] == 0


@pytest.mark.parametrize("log_likelihood", [ADDONS[0], NATIVE[0]], ids=["addons", "native"])
def test_a_training_step_traced_once_lowers_the_loss(log_likelihood) -> None:
    """Sentences of many lengths in batches of many lengths."""
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
            chain = LinearChain(unary, transitions, lengths=lengths)
            loss = -tf.reduce_mean(log_likelihood(chain, labels))
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
