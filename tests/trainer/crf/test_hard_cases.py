"""Scores at which sums of exponentials lose their digits."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES, transition_masks
from trainer import crf
from trainer.crf import forward_backward
from trainer.crf.arguments import chain
from trainer.crf.blocks import block_of, time_major
from trainer.crf.constraints import reach
from trainer.crf.likelihood import centred

TAGS = ["O", *(f"{prefix}-{label}" for label in ("a", "b") for prefix in "BIES")]
FOUND = transition_masks(TAGS, BIOES)
MASKS = {
    "allowed": np.array(FOUND.allowed),
    "allowed_start": np.array(FOUND.start),
    "allowed_end": np.array(FOUND.end),
}
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


def answers(given: dict[str, np.ndarray], dtype: tf.DType, masks: dict[str, np.ndarray]) -> list[np.ndarray]:
    wide = tf.float64 if dtype == tf.float64 else tf.float32
    edges = [tf.cast(given.get(name, np.zeros(NUMBER)), wide) for name in ("start", "end")]
    run = traced(dtype, wide, bool(masks))
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
    masks = MASKS if masked else {}

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
        options = {"lengths": lengths, "start": start, "end": end, **masks}
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            likelihood = crf.log_likelihood(emissions, tags, transitions, **options)
        gradients = tape.gradient(likelihood, [emissions, transitions])
        return [
            likelihood,
            crf.log_norm(emissions, transitions, **options),
            tf.cast(gradients[0], likelihood.dtype),
            gradients[1],
            crf.marginals(emissions, transitions, **options),
        ]

    return run


@pytest.mark.parametrize(
    ("given", "masks", "dtype"),
    [
        (case(40, emissions=1, transitions=30), {}, tf.float32),
        (case(40, emissions=1, transitions=100), MASKS, tf.float32),
        (case(40, emissions=50, transitions=1), MASKS, tf.float32),
        (case(40, emissions=1e4, transitions=1), MASKS, tf.float32),
        (case(40, emissions=1e4, transitions=1), {}, tf.float32),
        (case(2048, emissions=1, transitions=1), {}, tf.float32),
        (case(2048, emissions=3, transitions=1), MASKS, tf.float32),
        (case(40, emissions=3, transitions=1), MASKS, tf.float16),
        (case(512, emissions=3, transitions=1), {}, tf.float16),
    ],
)
def test_float32_stays_by_float64(
    given: dict[str, np.ndarray], masks: dict[str, np.ndarray], dtype: tf.DType
) -> None:
    # What float16 and float32 can hold of the scores is what float64 is asked about.
    given = {
        **given,
        "emissions": given["emissions"].astype(dtype.as_numpy_dtype).astype(np.float64),
        "transitions": given["transitions"].astype(np.float32).astype(np.float64),
    }
    found, exact = answers(given, dtype, masks), answers(given, tf.float64, masks)
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
        (3.0, 1.0, {}, True),
        (3.0, 1.0, MASKS, True),
        (1e4, 1.0, {}, True),  # the emissions alone may range as they like
        (1e4, 1.0, MASKS, False),
        (1.0, 100.0, {}, False),
    ],
)
def test_products_are_used_where_they_hold(
    emissions: float, transitions: float, masks: dict[str, np.ndarray], sound: bool
) -> None:
    given = case(40, emissions=emissions, transitions=transitions)
    checked, _ = centred(
        chain(
            given["emissions"].astype(np.float32),
            given["transitions"].astype(np.float32),
            lengths=given["lengths"],
            **masks,
        )
    )
    table = reach(checked)
    assert table is not None
    unary = time_major(checked.emissions, block_of(40))
    edges = checked.start_scores(), checked.end_scores()
    passed = forward_backward.forward(unary, checked.transitions, *edges, checked.lengths, table)
    found = forward_backward.backward(passed, edges[1], checked.lengths, table)
    assert bool(found.sound) is sound


def test_a_path_that_loses_at_both_ends_and_wins_in_the_middle() -> None:
    """Two tags that never meet: the better one runs out of digits from either side, and nothing overflows."""
    steps = 400
    emissions = np.zeros([1, steps, 2], np.float32)
    emissions[0, :100, 1] = emissions[0, 300:, 1] = -1
    emissions[0, 100:300, 0] = -1.2
    options = {"lengths": [steps], "allowed": np.eye(2, dtype=bool)}
    norm = crf.log_norm(emissions, np.zeros([2, 2], np.float32), **options)
    np.testing.assert_allclose(norm, [-200.0], rtol=1e-6)
    probability = crf.marginals(emissions, np.zeros([2, 2], np.float32), **options)
    np.testing.assert_allclose(probability[0, :, 1], np.ones(steps), rtol=1e-6)


def test_minus_infinity_as_a_score_is_a_forbidden_step() -> None:
    given = case(12, emissions=1, transitions=1)
    masked = answers(given, tf.float64, MASKS)
    scores = np.where(MASKS["allowed"], given["transitions"], -np.inf)
    edges = {
        "start": np.where(MASKS["allowed_start"], 0.0, -np.inf),
        "end": np.where(MASKS["allowed_end"], 0.0, -np.inf),
    }
    unmasked = answers({**given, "transitions": scores, **edges}, tf.float64, {})
    for one, other in zip(masked, unmasked, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
