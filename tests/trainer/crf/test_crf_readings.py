"""Answers made together are those made one by one, which `test_crf_oracle` holds against all paths."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from tests.trainer.crf.enumeration import Problem
from tests.trainer.crf.problems import problems
from trainer import crf

K = 3


@settings(max_examples=60, deadline=None)
@given(problems())
def test_together_as_one_by_one(problem: Problem) -> None:
    given_to_all = (problem.emissions, problem.transitions)
    options = {
        "lengths": problem.lengths,
        "start": problem.start,
        "end": problem.end,
        "allowed": problem.allowed,
        "allowed_start": problem.allowed_start,
        "allowed_end": problem.allowed_end,
    }
    tags, _, log_probabilities = crf.k_best(*given_to_all, k=K, **options)
    marginals = crf.marginals(*given_to_all, **options)
    norm = crf.log_norm(*given_to_all, **options)

    found = crf.readings(*given_to_all, k=K, **options)
    np.testing.assert_array_equal(found.tags, tags)
    np.testing.assert_allclose(found.log_probabilities, log_probabilities, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.marginals, marginals, rtol=1e-9, atol=1e-9)

    norm_again, marginals_again = crf.log_norm_and_marginals(*given_to_all, **options)
    np.testing.assert_allclose(norm_again, norm, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(marginals_again, marginals, rtol=1e-9, atol=1e-9)


def test_scores_beyond_what_products_hold() -> None:
    random = np.random.default_rng(3)
    emissions = tf.constant(random.normal(size=(2, 40, 4)) * 200, tf.float32)
    transitions = tf.constant(random.normal(size=(4, 4)) * 200, tf.float32)
    norm, marginals = crf.log_norm_and_marginals(emissions, transitions, lengths=[40, 7])
    np.testing.assert_allclose(norm, crf.log_norm(emissions, transitions, lengths=[40, 7]), rtol=1e-6)
    np.testing.assert_allclose(tf.reduce_sum(marginals, axis=2)[0], 1.0, atol=1e-5)


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_k_is_a_whole_number(k: object) -> None:
    with pytest.raises(ValueError, match="k: expected a whole number of paths"):
        crf.readings(tf.zeros([1, 2, 3]), tf.zeros([3, 3]), k=k, lengths=[2])  # type: ignore[arg-type]
