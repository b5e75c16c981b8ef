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

    found = crf.readings(*given_to_all, k=K, **options)
    np.testing.assert_array_equal(found.tags, tags)
    np.testing.assert_allclose(found.log_probabilities, log_probabilities, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.marginals, marginals, rtol=1e-9, atol=1e-9)

    of_best, marginals_again = crf.log_probability_and_marginals(
        problem.emissions, tags[:, 0], problem.transitions, **options
    )
    np.testing.assert_allclose(of_best, log_probabilities[:, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(marginals_again, marginals, rtol=1e-9, atol=1e-9)


def test_scores_beyond_what_products_hold() -> None:
    random = np.random.default_rng(3)
    emissions = tf.constant(random.normal(size=(2, 40, 4)) * 200, tf.float32)
    transitions = tf.constant(random.normal(size=(4, 4)) * 200, tf.float32)
    tags, _ = crf.viterbi(emissions, transitions, lengths=[40, 7])
    found, marginals = crf.log_probability_and_marginals(emissions, tags, transitions, lengths=[40, 7])
    doubled = [tf.cast(scores, tf.float64) for scores in (emissions, transitions)]
    exact = crf.log_likelihood(doubled[0], tags, doubled[1], lengths=[40, 7])
    np.testing.assert_allclose(found, exact, atol=5e-3)
    np.testing.assert_allclose(tf.reduce_sum(marginals, axis=2)[0], 1.0, atol=1e-5)


def test_a_long_path_has_its_probability_to_all_digits() -> None:
    random = np.random.default_rng(5)
    tokens = 2000
    emissions = random.normal(size=(1, tokens, 4))
    # Large scores, and one tag that wins nearly always: the path as a whole is likely.
    emissions[..., 0] += 11.5
    transitions = random.normal(size=(4, 4)) + 3
    given_to_all = {"lengths": [tokens], "start": [5.0, 1, 1, 1], "end": [7.0, 0, 1, 1]}
    exact_tags, _ = crf.viterbi(emissions, transitions, **given_to_all)
    exact = crf.log_likelihood(emissions, exact_tags, transitions, **given_to_all).numpy()
    assert 0.1 < np.exp(exact[0]) < 0.95
    single = [tf.constant(scores, tf.float32) for scores in (emissions, transitions)]
    found, _ = crf.log_probability_and_marginals(single[0], exact_tags, single[1], **given_to_all)
    np.testing.assert_allclose(np.exp(found), np.exp(exact), atol=2e-5)


def test_a_forbidden_path_has_no_probability() -> None:
    allowed = [[True, False], [True, True]]
    found, _ = crf.log_probability_and_marginals(
        tf.zeros([1, 2, 2]), [[0, 1]], tf.zeros([2, 2]), lengths=[2], allowed=allowed
    )
    assert found.numpy().tolist() == [float("-inf")]


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_k_is_a_whole_number(k: object) -> None:
    with pytest.raises(ValueError, match="k: expected a whole number of paths"):
        crf.readings(tf.zeros([1, 2, 3]), tf.zeros([3, 3]), k=k, lengths=[2])  # type: ignore[arg-type]
