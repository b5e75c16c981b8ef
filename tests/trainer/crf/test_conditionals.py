"""Pairs, weights, partial labels, spans and samples, against all paths written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from tests.trainer.crf import enumeration as oracle
from tests.trainer.crf.enumeration import Problem
from tests.trainer.crf.problems import problems, with_legal_gold
from trainer import crf

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def options(problem: Problem) -> dict[str, np.ndarray]:
    return {"lengths": problem.lengths, **problem.options()}


def possible(problem: Problem) -> bool:
    return all(oracle.legal(problem, oracle.gold(problem, row)) for row in range(len(problem.lengths)))


@settings(max_examples=40, deadline=None)
@given(problems())
def test_pair_marginals(problem: Problem) -> None:
    found = crf.pair_marginals(problem.emissions, problem.transitions, **options(problem)).numpy()
    batch, steps, tags = problem.emissions.shape
    assert found.shape == (batch, max(steps - 1, 0), tags, tags)
    expected = np.zeros_like(found)
    for row in range(batch):
        for path, probability in oracle.probabilities(problem, row).items():
            for t, pair in enumerate(itertools.pairwise(path)):
                expected[(row, t, *pair)] += probability
    np.testing.assert_allclose(found, expected, **CLOSE)


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
@given(problems().map(with_legal_gold).filter(possible))
def test_token_and_sequence_weights(problem: Problem) -> None:
    random = np.random.default_rng(1)
    weights, of_sentences = random.random(problem.tags.shape), random.random(len(problem.lengths))
    weights[np.arange(weights.shape[1]) >= problem.lengths[:, np.newaxis]] = np.nan
    given = (problem.emissions, problem.tags, problem.transitions)
    found = crf.log_likelihood(
        *given, **options(problem), token_weights=weights, sequence_weights=of_sentences
    ).numpy()
    for row, length in enumerate(problem.lengths):
        terms = np.diff(prefix_log_probabilities(problem, row), prepend=0.0)
        if (terms < -300).any():  # the oracle's own probabilities ran out of digits
            continue
        np.testing.assert_allclose(
            found[row], of_sentences[row] * np.sum(terms * weights[row, :length]), rtol=1e-6, atol=1e-6
        )
    ones = crf.log_likelihood(*given, **options(problem), token_weights=np.ones(problem.tags.shape))
    np.testing.assert_allclose(ones, crf.log_likelihood(*given, **options(problem)), **CLOSE)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_partial_labels(problem: Problem) -> None:
    sets = np.random.default_rng(2).random(problem.emissions.shape) < 0.6
    found = crf.log_likelihood(
        problem.emissions, None, problem.transitions, **options(problem), tag_sets=sets
    ).numpy()
    for row in range(len(problem.lengths)):
        scores = oracle.paths(problem, row)
        within = [s for path, s in scores.items() if all(sets[row, t, tag] for t, tag in enumerate(path))]
        if not within:
            assert found[row] == -np.inf
            continue
        peak = max(within)
        part = np.log(np.sum(np.exp(np.array(within) - peak))) + peak
        np.testing.assert_allclose(found[row], part - oracle.log_norm(problem, row), **CLOSE)


def test_partial_labels_of_one_tag_each_are_the_gold_tags() -> None:
    random = np.random.default_rng(3)
    emissions, transitions = (
        tf.constant(random.normal(size=[3, 6, 4])),
        tf.constant(random.normal(size=[4, 4])),
    )
    gold, lengths = random.integers(0, 4, [3, 6]).astype(np.int32), [6, 3, 0]

    @tf.function
    def gradients(**how) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            found = crf.log_likelihood(emissions, gold, transitions, lengths=lengths, **how)
        return [found, *tape.gradient(found, [emissions, transitions])]

    plain = gradients()
    for how in ({"tag_sets": np.eye(4, dtype=bool)[gold]}, {"token_weights": np.ones([3, 6])}):
        for one, other in zip(gradients(**how), plain, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(problems().map(with_legal_gold).filter(possible))
def test_spans(problem: Problem) -> None:
    spans = [
        (row, first, after)
        for row, length in enumerate(problem.lengths)
        for first in range(length + 1)
        for after in range(first, length + 1)
    ]
    found = crf.span_log_probability(
        problem.emissions,
        problem.tags,
        problem.transitions,
        spans=np.array(spans, np.int32).reshape(-1, 3),
        **options(problem),
    ).numpy()
    for (row, first, after), value in zip(spans, found, strict=True):
        gold = oracle.gold(problem, row)
        probability = sum(
            p
            for path, p in oracle.probabilities(problem, row).items()
            if path[first:after] == gold[first:after]
        )
        np.testing.assert_allclose(np.exp(value), probability, **CLOSE)


@pytest.mark.parametrize("spans", [[[0, 0, 4]], [[2, 0, 1]], [[0, 2, 1]], [[1, 0, 2]], [[0, -1, 1]]])
def test_spans_outside_their_sentence(spans: list[list[int]]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="spans: expected row"):
        crf.span_log_probability(
            np.zeros([2, 3, 2]), np.zeros([2, 3], np.int32), np.zeros([2, 2]), spans=spans, lengths=[3, 1]
        )


def test_samples_come_as_often_as_they_should() -> None:
    random = np.random.default_rng(5)
    problem = Problem(
        random.normal(size=[1, 3, 3]),
        np.zeros([1, 3], np.int32),
        random.normal(size=[3, 3]),
        np.array([3], np.int32),
        start=random.normal(size=3),
        end=random.normal(size=3),
        allowed=~np.eye(3, k=1, dtype=bool),
    )
    number = 20_000
    drawn = crf.sample(
        np.repeat(problem.emissions, number, axis=0),
        problem.transitions,
        seed=[1, 2],
        **{**options(problem), "lengths": np.full(number, 3)},
    ).numpy()
    paths, counts = np.unique(drawn, axis=0, return_counts=True)
    expected = oracle.probabilities(problem, 0)
    assert {tuple(path) for path in paths.tolist()} <= set(expected)
    chi_squared = 0.0
    seen = {tuple(path): count for path, count in zip(paths.tolist(), counts, strict=True)}
    for path, probability in expected.items():
        chi_squared += (seen.get(path, 0) - number * probability) ** 2 / (number * probability)
    assert chi_squared < 2.5 * len(expected)
    again = crf.sample(problem.emissions, problem.transitions, seed=[1, 2], **options(problem))
    np.testing.assert_array_equal(
        again, crf.sample(problem.emissions, problem.transitions, seed=[1, 2], **options(problem))
    )


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (2, 1)])
@pytest.mark.parametrize("compiled", [False, True])
def test_empty_axes(shape: tuple[int, int], compiled: bool) -> None:
    batch, steps = shape
    gold = np.zeros(shape, np.int32)

    @tf.function(jit_compile=compiled)
    def run(emissions: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            weighted = crf.log_likelihood(
                emissions, gold, transitions, lengths=lengths, token_weights=tf.ones(shape)
            )
            partial = crf.log_likelihood(
                emissions, None, transitions, lengths=lengths, tag_sets=tf.ones([*shape, 4], tf.bool)
            )
            total = tf.reduce_sum(weighted) + tf.reduce_sum(partial)
        return [
            crf.pair_marginals(emissions, transitions, lengths=lengths),
            crf.sample(emissions, transitions, lengths=lengths, seed=[0, 0]),
            *tape.gradient(total, [emissions, transitions]),
        ]

    found = run(tf.zeros([*shape, 4]), tf.zeros([4, 4]), tf.zeros([batch], tf.int32))
    assert found[0].shape == (batch, max(steps - 1, 0), 4, 4)
    assert found[1].shape == shape
    assert all(np.isfinite(value).all() for value in found)
