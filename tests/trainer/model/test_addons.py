"""TensorFlow Addons and the CRF of our own say the same."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer import crf
from trainer.model import addons


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

    def both(module) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            likelihood = module.log_likelihood(emissions, gold, transitions, lengths=lengths)
        gradients = tape.gradient(likelihood, [emissions, transitions])
        return [likelihood, *gradients, *module.viterbi(emissions, transitions, lengths=lengths)]

    theirs = tf.function(lambda: both(addons))()
    ours = tf.function(lambda: both(crf), jit_compile=compiled)()
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
    for module in (addons, crf):
        found = module.log_likelihood(emissions, gold, transitions, lengths=lengths).numpy()
        assert np.isfinite(found).all()
        assert found[3] == 0
        tags, score = module.viterbi(emissions, transitions, lengths=lengths)
        assert not tags.numpy()[padding].any()
        assert score[3] == 0
