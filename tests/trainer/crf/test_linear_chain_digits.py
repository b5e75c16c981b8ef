"""Scores at which sums of exponentials lose their digits, and long sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from trainer.crf import LinearChain, Masks, masks_of
from trainer.crf.algorithms import exp_space
from trainer.crf.algorithms.reachable import reachable
from trainer.crf.algorithms.time_major import time_major

TAGS = ["O", *(f"{prefix}-{label}" for label in ("a", "b") for prefix in "BIES")]
MASKS = masks_of(TAGS, BIOES)
BATCH, NUMBER = 4, len(TAGS)


def case(steps: int, *, emissions: float, transitions: float) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    lengths = np.array([steps, steps // 2, 1, 0], np.int32)
    gold = np.zeros([BATCH, steps], np.int32)
    gold[:, : steps // 4] = 4  # S-a, then O: legal
    return {
        "emissions": emissions * random.normal(size=[BATCH, steps, NUMBER]),
        "tags": gold,
        "transitions": transitions * random.normal(size=[NUMBER, NUMBER]),
        "lengths": lengths,
    }


def results(given: dict[str, np.ndarray], dtype: tf.DType, masks: Masks | None) -> list[np.ndarray]:
    wide = tf.float64 if dtype == tf.float64 else tf.float32
    edges = [tf.cast(given.get(name, np.zeros(NUMBER)), wide) for name in ("start", "end")]
    run = traced(dtype, wide, masks is not None)
    found = run(
        tf.cast(given["emissions"], dtype),
        tf.constant(given["tags"]),
        tf.cast(given["transitions"], wide),
        tf.constant(given["lengths"]),
        *edges,
    )
    return [value.numpy() for value in found]


@functools.cache
def traced(dtype: tf.DType, wide: tf.DType, masked: bool) -> Callable[..., list[tf.Tensor]]:
    """One graph a type, with or without the masks, for every case and T."""
    masks = MASKS if masked else None

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, NUMBER], dtype),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([NUMBER, NUMBER], wide),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([NUMBER], wide),
            tf.TensorSpec([NUMBER], wide),
        ]
    )
    def run(emissions, tags, transitions, lengths, start, end) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end, masks=masks)
            likelihood = chain.log_likelihood(tags)
        gradients = tape.gradient(likelihood, [emissions, transitions])
        return [
            likelihood,
            chain.log_norm(),
            tf.cast(gradients[0], likelihood.dtype),
            gradients[1],
            chain.marginals(),
        ]

    return run


@pytest.mark.parametrize(
    ("given", "masks", "dtype"),
    [
        (case(40, emissions=1, transitions=30), None, tf.float32),
        (case(40, emissions=1, transitions=100), MASKS, tf.float32),
        (case(40, emissions=50, transitions=1), MASKS, tf.float32),
        (case(40, emissions=1e4, transitions=1), MASKS, tf.float32),
        (case(40, emissions=1e4, transitions=1), None, tf.float32),
        (case(2048, emissions=1, transitions=1), None, tf.float32),
        (case(2048, emissions=3, transitions=1), MASKS, tf.float32),
        (case(40, emissions=3, transitions=1), MASKS, tf.float16),
        (case(512, emissions=3, transitions=1), None, tf.float16),
    ],
)
def test_float32_stays_by_float64(given: dict[str, np.ndarray], masks: Masks | None, dtype: tf.DType) -> None:
    # float64 computes with the scores as rounded to float16 and float32.
    given = {
        **given,
        "emissions": given["emissions"].astype(dtype.as_numpy_dtype).astype(np.float64),
        "transitions": given["transitions"].astype(np.float32).astype(np.float64),
    }
    found, exact = results(given, dtype, masks), results(given, tf.float64, masks)
    for value, other in zip(found[:2], exact[:2], strict=True):
        assert np.isfinite(value).all()
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-5)
    # A score of a thousand is rounded to 1e-4 in float32; a probability cannot be surer than that.
    rounding = np.finfo(np.float32).eps * max(
        1.0, *(np.abs(given[n]).max() for n in ("emissions", "transitions"))
    )
    half = np.finfo(np.float16).eps if dtype == tf.float16 else 0.0
    for name, value, other, atol in (
        ("emissions", found[2], exact[2], 10 * rounding + half),  # the gradient has the type of the emissions
        ("transitions", found[3], exact[3], 200 * rounding),  # a sum over all tokens
        ("marginals", found[4], exact[4], 10 * rounding),
    ):
        assert np.isfinite(value).all(), name
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=atol, err_msg=name)


@pytest.mark.parametrize(
    ("emissions", "transitions", "masks", "sound"),
    [
        (3.0, 1.0, None, True),
        (3.0, 1.0, MASKS, True),
        (1e4, 1.0, None, True),  # the emissions alone may range as they like
        (1e4, 1.0, MASKS, False),
        (1.0, 100.0, None, False),
    ],
)
def test_products_are_used_where_they_hold(
    emissions: float, transitions: float, masks: Masks | None, sound: bool
) -> None:
    given = case(40, emissions=emissions, transitions=transitions)
    chain = LinearChain(
        given["emissions"].astype(np.float32),
        given["transitions"].astype(np.float32),
        lengths=given["lengths"],
        masks=masks,
    )
    centred, _ = chain.potentials.cleaned().centred()
    rows, states = time_major(centred), reachable(centred)
    assert states is not None
    assert bool(exp_space.backward(rows, exp_space.forward(rows, states), states).sound) is sound


def test_a_path_that_loses_at_both_ends_and_wins_in_the_middle() -> None:
    """Two tags that never meet: the better one runs out of digits from either side, and nothing overflows."""
    steps = 400
    emissions = np.zeros([1, steps, 2], np.float32)
    emissions[0, :100, 1] = emissions[0, 300:, 1] = -1
    emissions[0, 100:300, 0] = -1.2
    transitions, apart = np.zeros([2, 2], np.float32), Masks(allowed=np.eye(2, dtype=bool))
    chain = LinearChain(emissions, transitions, lengths=[steps], masks=apart)
    np.testing.assert_allclose(chain.log_norm(), [-200.0], rtol=1e-6)
    np.testing.assert_allclose(chain.marginals()[0, :, 1], np.ones(steps), rtol=1e-6)


def test_log_probability_and_marginals_beyond_what_products_hold() -> None:
    random = np.random.default_rng(3)
    emissions = tf.constant(random.normal(size=(2, 40, 4)) * 200, tf.float32)
    transitions = tf.constant(random.normal(size=(4, 4)) * 200, tf.float32)
    chain = LinearChain(emissions, transitions, lengths=[40, 7])
    tags, _ = chain.viterbi()
    found, marginals = chain.log_probability_and_marginals(tags)
    double = LinearChain(tf.cast(emissions, tf.float64), tf.cast(transitions, tf.float64), lengths=[40, 7])
    np.testing.assert_allclose(found, double.log_likelihood(tags), atol=5e-3)
    np.testing.assert_allclose(tf.reduce_sum(marginals, axis=2)[0], 1.0, atol=1e-5)


def test_a_long_path_has_its_probability_to_all_digits() -> None:
    random = np.random.default_rng(5)
    tokens = 2000
    emissions = random.normal(size=(1, tokens, 4))
    # Large scores, and one tag that nearly always wins: so the best path is likely.
    emissions[..., 0] += 11.5
    transitions = random.normal(size=(4, 4)) + 3
    options = {"lengths": [tokens], "start": [5.0, 1, 1, 1], "end": [7.0, 0, 1, 1]}
    double = LinearChain(emissions, transitions, **options)
    tags, _ = double.viterbi()
    exact = double.log_likelihood(tags).numpy()
    assert 0.1 < np.exp(exact[0]) < 0.95
    single = LinearChain(emissions.astype(np.float32), transitions.astype(np.float32), **options)
    found, _ = single.log_probability_and_marginals(tags)
    np.testing.assert_allclose(np.exp(found), np.exp(exact), atol=2e-5)


def test_minus_infinity_as_a_score_is_a_forbidden_step() -> None:
    given = case(12, emissions=1, transitions=1)
    masked = results(given, tf.float64, MASKS)
    allowed, start, end = (np.where(mask, 0.0, -np.inf) for mask in MASKS)
    scores = {"transitions": given["transitions"] + allowed, "start": start, "end": end}
    unmasked = results({**given, **scores}, tf.float64, None)
    for one, other in zip(masked, unmasked, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
