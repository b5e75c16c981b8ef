"""The functions return what those of TensorFlow Addons do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf import compat

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tensorflow_addons import text

RANDOM = np.random.default_rng(8)
INPUTS = RANDOM.normal(size=[4, 6, 5])
TAGS = RANDOM.integers(0, 5, [4, 6]).astype(np.int32)
TRANSITIONS = RANDOM.normal(size=[5, 5])
LENGTHS = np.array([6, 4, 2, 1], np.int32)
BITMAP = RANDOM.random([4, 6, 5]) < 0.7


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("crf_sequence_score", (INPUTS, TAGS, LENGTHS, TRANSITIONS)),
        ("crf_multitag_sequence_score", (INPUTS, BITMAP, LENGTHS, TRANSITIONS)),
        ("crf_log_norm", (INPUTS, LENGTHS, TRANSITIONS)),
        ("crf_log_likelihood", (INPUTS, TAGS, LENGTHS, TRANSITIONS)),
        ("crf_filtered_inputs", (INPUTS, BITMAP)),
        ("viterbi_decode", (INPUTS[0], TRANSITIONS)),
    ],
)
def test_scores(name: str, arguments: tuple) -> None:
    ours, theirs = getattr(compat, name)(*arguments), getattr(text.crf, name)(*arguments)
    for one, other in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["crf_decode", "crf_constrained_decode"])
def test_decoding(name: str) -> None:
    bitmap = () if name == "crf_decode" else (BITMAP,)
    (ours, score), (theirs, other) = (
        getattr(module, name)(INPUTS, *bitmap, TRANSITIONS, LENGTHS) for module in (compat, text.crf)
    )
    np.testing.assert_array_equal(score, other)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(ours[row, :length], theirs[row, :length])
    assert ours.dtype == theirs.dtype


def test_transitions_of_its_own() -> None:
    found, transitions = compat.crf_log_likelihood(INPUTS.astype(np.float32), TAGS, LENGTHS)
    assert transitions.shape == (5, 5)
    assert transitions.trainable
    assert np.isfinite(found.numpy()).all()
