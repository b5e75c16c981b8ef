"""Every method against all paths written out."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.crf import enumeration as oracle
from tests.trainer.crf.enumeration import Problem
from tests.trainer.crf.problems import problems, problems_with_legal_gold
from trainer.crf import LinearChain, Masks

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


class Results(NamedTuple):
    """What the methods return for one problem; gradients are of the weighted log-likelihood."""

    score: Any
    log_norm: Any
    log_likelihood: Any
    by_emissions: Any
    by_transitions: Any
    by_start: Any
    by_end: Any
    tags: Any
    best: Any
    marginals: Any
    pair_marginals: Any
    path_log_probability: Any
    path_marginals: Any


def results(emissions, tags, transitions, lengths, start, end, masks) -> Results:
    scores = [emissions, transitions, start, end]
    with tf.GradientTape() as tape:
        tape.watch(scores)
        chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end, masks=masks)
        likelihood = chain.log_likelihood(tags)
        # Sentences weigh differently, so that a gradient which forgets the weight is seen.
        weights = tf.range(1, tf.shape(lengths)[0] + 1)
        total = tf.reduce_sum(tf.math.multiply_no_nan(likelihood, tf.cast(weights, likelihood.dtype)))
    return Results(
        chain.score(tags),
        chain.log_norm(),
        likelihood,
        *tape.gradient(total, scores),
        *chain.viterbi(),
        chain.marginals(),
        chain.pair_marginals(),
        *chain.log_probability_and_marginals(tags),
    )


@functools.cache
def graph() -> Callable[..., Results]:
    """All of it in a graph with every axis dynamic and masks that are known only while it runs."""

    def scores(axes: int, dtype: tf.DType = tf.float64) -> tf.TensorSpec:
        return tf.TensorSpec([None] * axes, dtype)

    masks = Masks(scores(2, tf.bool), scores(1, tf.bool), scores(1, tf.bool))
    tags, lengths = scores(2, tf.int32), scores(1, tf.int32)
    return tf.function(
        results, input_signature=[scores(3), tags, scores(2), lengths, scores(1), scores(1), masks]
    )


def complete(problem: Problem) -> list:
    """Every argument as a tensor: zeros and all-true masks mean the same as None."""
    tags = problem.transitions.shape[0]
    masks = problem.masks or Masks(np.ones([tags, tags], bool), np.ones(tags, bool), np.ones(tags, bool))
    zeros = np.zeros(tags)
    return [
        *(tf.constant(value) for value in problem[:4]),
        tf.constant(zeros if problem.start is None else problem.start),
        tf.constant(zeros if problem.end is None else problem.end),
        Masks(*map(tf.constant, masks)),
    ]


def as_numpy(found: Results) -> Results:
    return Results(*(np.asarray(value) for value in found))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_in_a_graph_with_dynamic_shapes_and_masks(problem: Problem) -> None:
    assert_agrees(problem, as_numpy(graph()(*complete(problem))))


@settings(max_examples=40, deadline=None)
@given(problems_with_legal_gold())
def test_eagerly_with_static_masks(problem: Problem) -> None:
    assert_agrees(problem, as_numpy(results(*complete(problem))))


def assert_agrees(problem: Problem, found: Results) -> None:
    gradients = [np.zeros_like(value) for value in found[3:7]]
    pairs = np.zeros_like(found.pair_marginals)
    for row, length in enumerate(problem.lengths):
        gold, probabilities = oracle.gold(problem, row), oracle.probabilities(problem, row)
        norm, expected = oracle.log_norm(problem, row), oracle.uses(problem, row, probabilities)
        np.testing.assert_allclose(found.log_norm[row], norm, **CLOSE)
        for marginals in (found.marginals, found.path_marginals):
            np.testing.assert_allclose(marginals[row], expected.emissions, **CLOSE)
        for path, probability in probabilities.items():
            for t, pair in enumerate(itertools.pairwise(path)):
                pairs[(row, t, *pair)] += probability
        if oracle.legal(problem, gold):
            score = oracle.score(problem, row, gold)
            np.testing.assert_allclose(found.score[row], score, **CLOSE)
            for likelihood in (found.log_likelihood, found.path_log_probability):
                np.testing.assert_allclose(likelihood[row], score - norm, **CLOSE)
            taken = oracle.uses(problem, row, {gold: 1.0})
            gradients[0][row] = (row + 1) * (taken.emissions - expected.emissions)
            for total, one, other in zip(gradients[1:], taken[1:], expected[1:], strict=True):
                total += (row + 1) * (one - other)
        else:
            for value in (found.score, found.log_likelihood, found.path_log_probability):
                assert value[row] == -np.inf
        assert_best(problem, row, found)
        assert (found.tags[row, length:] == 0).all()
    np.testing.assert_allclose(found.pair_marginals, pairs, **CLOSE)
    for value, total in zip(found[3:7], gradients, strict=True):
        np.testing.assert_allclose(value, total, rtol=1e-8, atol=1e-8)


def assert_best(problem: Problem, row: int, found: Results) -> None:
    """The best score, reached by the decoded path, which is legal."""
    scores = oracle.paths(problem, row)
    if not scores:
        assert found.best[row] == -np.inf
        return
    decoded = tuple(int(tag) for tag in found.tags[row, : problem.lengths[row]])
    np.testing.assert_allclose(found.best[row], max(scores.values()), **CLOSE)
    np.testing.assert_allclose(scores[decoded], max(scores.values()), **CLOSE)


@settings(max_examples=40, deadline=None)
@given(problems(), st.sampled_from([1, 2, 5, 256]))
def test_k_best(problem: Problem, k: int) -> None:
    chain = problem.chain()
    tags, scores, logs = (value.numpy() for value in chain.k_best(k))
    first, best = chain.viterbi()
    assert tags.shape == (len(problem.lengths), k, problem.emissions.shape[1])
    for row, length in enumerate(problem.lengths):
        every = oracle.paths(problem, row)
        expected = sorted(every.values(), reverse=True)[:k]
        count = len(expected)
        np.testing.assert_allclose(scores[row, :count], expected, **CLOSE)
        assert (scores[row, count:] == -np.inf).all()
        assert (logs[row, count:] == -np.inf).all()
        assert (tags[row, count:] == 0).all()
        assert (tags[row, :, length:] == 0).all()
        decoded = [tuple(int(tag) for tag in path[:length]) for path in tags[row, :count]]
        assert len(set(decoded)) == count
        np.testing.assert_allclose([every[path] for path in decoded], expected, **CLOSE)
        if count:
            np.testing.assert_array_equal(tags[row, 0], first[row])
            assert scores[row, 0] == best[row].numpy()
            probabilities = oracle.probabilities(problem, row)
            np.testing.assert_allclose(
                np.exp(logs[row, :count]), [probabilities[path] for path in decoded], **CLOSE
            )
        if 0 < len(every) <= k:
            np.testing.assert_allclose(np.exp(logs[row]).sum(), 1.0, **CLOSE)
    together, marginals = chain.k_best_and_marginals(k)
    np.testing.assert_array_equal(together.tags, tags)
    np.testing.assert_allclose(together.log_probabilities, logs, **CLOSE)
    np.testing.assert_allclose(marginals, chain.marginals(), **CLOSE)


@pytest.mark.parametrize("k", [0, -1, True, 2.0])
@pytest.mark.parametrize("method", ["k_best", "k_best_and_marginals"])
def test_k_is_a_whole_number_of_paths(method: str, k: object) -> None:
    with pytest.raises(ValueError, match="k: expected a whole number"):
        getattr(LinearChain(np.zeros([1, 2, 3]), np.zeros([3, 3]), lengths=[2]), method)(k)


def prefix_log_probabilities(problem: Problem, row: int) -> np.ndarray:
    """log p(y_0..y_t) of the gold tags, for every t."""
    gold, probabilities = oracle.gold(problem, row), oracle.probabilities(problem, row)
    return np.log(
        [
            sum(p for path, p in probabilities.items() if path[: t + 1] == gold[: t + 1])
            for t in range(len(gold))
        ]
    )


@settings(max_examples=40, deadline=None)
@given(problems_with_legal_gold())
def test_token_and_sequence_weights(problem: Problem) -> None:
    random = np.random.default_rng(1)
    weights, of_sentences = random.random(problem.tags.shape), random.random(len(problem.lengths))
    weights[np.arange(weights.shape[1]) >= problem.lengths[:, np.newaxis]] = np.nan
    chain = problem.chain()
    found = chain.log_likelihood(problem.tags, token_weights=weights, sequence_weights=of_sentences).numpy()
    for row, length in enumerate(problem.lengths):
        terms = np.diff(prefix_log_probabilities(problem, row), prepend=0.0)
        if (terms < -300).any():  # the oracle's own probabilities ran out of digits
            continue
        expected = of_sentences[row] * np.sum(terms * weights[row, :length])
        np.testing.assert_allclose(found[row], expected, rtol=1e-6, atol=1e-6)
    ones = chain.log_likelihood(problem.tags, token_weights=np.ones(problem.tags.shape))
    np.testing.assert_allclose(ones, chain.log_likelihood(problem.tags), **CLOSE)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_partial_labels(problem: Problem) -> None:
    random = np.random.default_rng(2)
    sets, weights = random.random(problem.emissions.shape) < 0.6, random.random(len(problem.lengths))
    found = problem.chain().partial_log_likelihood(sets, sequence_weights=weights).numpy()
    for row in range(len(problem.lengths)):
        within = {
            path: score
            for path, score in oracle.paths(problem, row).items()
            if all(sets[row, t, tag] for t, tag in enumerate(path))
        }
        if within:
            part = oracle.logsumexp(within.values())
            expected = weights[row] * (part - oracle.log_norm(problem, row))
            np.testing.assert_allclose(found[row], expected, **CLOSE)
        else:
            assert found[row] == -np.inf


@settings(max_examples=40, deadline=None)
@given(problems_with_legal_gold())
def test_spans(problem: Problem) -> None:
    spans = [
        (row, first, after)
        for row, length in enumerate(problem.lengths)
        for first in range(length + 1)
        for after in range(first, length + 1)
    ]
    found = problem.chain().span_log_probability(problem.tags, np.array(spans, np.int32).reshape(-1, 3))
    for (row, first, after), value in zip(spans, found.numpy(), strict=True):
        gold = oracle.gold(problem, row)
        probability = sum(
            p
            for path, p in oracle.probabilities(problem, row).items()
            if path[first:after] == gold[first:after]
        )
        np.testing.assert_allclose(np.exp(value), probability, **CLOSE)


@settings(max_examples=30, deadline=None)
@given(problems(masks=False))
def test_a_constant_per_token_changes_nothing(problem: Problem) -> None:
    constants = 10 * np.random.default_rng(0).normal(size=(*problem.tags.shape, 1))
    shifted = problem._replace(emissions=problem.emissions + constants)
    before, after = (as_numpy(graph()(*complete(each))) for each in (problem, shifted))
    for name in ("log_likelihood", "by_emissions", "by_transitions", "marginals"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-8, atol=1e-8)


def test_no_legal_path_at_all() -> None:
    nothing = Masks(allowed=np.zeros([3, 3], bool))
    chain = LinearChain(np.zeros([2, 3, 3]), np.zeros([3, 3]), lengths=[3, 0], masks=nothing)
    np.testing.assert_array_equal(chain.log_norm(), [-np.inf, 0])
    assert not chain.marginals().numpy().any()
    assert chain.viterbi()[1][0] == -np.inf
    assert (chain.k_best(2).log_probabilities.numpy()[0] == -np.inf).all()
