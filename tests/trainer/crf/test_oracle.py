"""Every function against all paths written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.crf import compiled
from tests.trainer.crf import enumeration as oracle
from tests.trainer.crf.compiled import Answers
from tests.trainer.crf.enumeration import Problem
from tests.trainer.crf.problems import problems, with_legal_gold
from trainer import crf

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@settings(max_examples=150, deadline=None)
@given(problems())
def test_in_a_graph_with_dynamic_shapes_and_masks(problem: Problem) -> None:
    agrees(problem, compiled.as_numpy(compiled.graph()(*compiled.arguments(problem))))


@settings(max_examples=40, deadline=None)
@given(problems().map(with_legal_gold))
def test_eagerly_with_static_masks(problem: Problem) -> None:
    if any(
        not oracle.legal(problem, oracle.gold(problem, row)) for row in range(len(problem.lengths))
    ):  # no legal path at all: refused, see test_crf_constraints
        return
    agrees(problem, compiled.as_numpy(compiled.answers(*compiled.arguments(problem))))


def agrees(problem: Problem, found: Answers) -> None:
    """Raises where any answer differs from what the written-out paths say."""
    by = [np.zeros_like(value) for value in found[3:7]]
    for row in range(len(problem.lengths)):
        length, gold = problem.lengths[row], oracle.gold(problem, row)
        norm, probabilities = oracle.log_norm(problem, row), oracle.probabilities(problem, row)
        np.testing.assert_allclose(found.score[row], oracle.score(problem, row, gold), **CLOSE)
        np.testing.assert_allclose(found.log_norm[row], norm, **CLOSE)
        expected = oracle.uses(problem, row, probabilities)
        np.testing.assert_allclose(found.marginals[row], expected.emissions, **CLOSE)
        if oracle.legal(problem, gold):
            likelihood = oracle.score(problem, row, gold) - norm
            np.testing.assert_allclose(found.log_likelihood[row], likelihood, **CLOSE)
            taken = oracle.uses(problem, row, {gold: 1.0})
            for total, one, other in zip(by, taken, expected, strict=True):
                share = (row + 1) * (one - other)
                if total.shape == found.by_emissions.shape:
                    total[row] += share
                else:
                    total += share
        else:
            assert found.log_likelihood[row] == -np.inf
        best_is_best(problem, row, found)
        assert (found.tags[row, length:] == 0).all()
    for value, total in zip(found[3:7], by, strict=True):
        np.testing.assert_allclose(value, total, rtol=1e-8, atol=1e-8)


def best_is_best(problem: Problem, row: int, found: Answers) -> None:
    """The best score, reached by the path told, which is legal."""
    scores = oracle.paths(problem, row)
    if not scores:
        assert found.best[row] == -np.inf
        return
    told = tuple(int(tag) for tag in found.tags[row, : problem.lengths[row]])
    np.testing.assert_allclose(found.best[row], max(scores.values()), **CLOSE)
    np.testing.assert_allclose(scores[told], max(scores.values()), **CLOSE)


@settings(max_examples=40, deadline=None)
@given(problems(), st.sampled_from([1, 2, 5, 256]))
def test_k_best(problem: Problem, k: int) -> None:
    options = {"lengths": problem.lengths, **problem.options()}
    tags, scores, logs = (
        value.numpy() for value in crf.k_best(problem.emissions, problem.transitions, k=k, **options)
    )
    first, best = crf.viterbi(problem.emissions, problem.transitions, **options)
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
        told = [tuple(int(tag) for tag in path[:length]) for path in tags[row, :count]]
        assert len(set(told)) == count
        np.testing.assert_allclose([every[path] for path in told], expected, **CLOSE)
        if count:
            np.testing.assert_array_equal(tags[row, 0], first[row])
            assert scores[row, 0] == best[row].numpy()
            probabilities = oracle.probabilities(problem, row)
            np.testing.assert_allclose(
                np.exp(logs[row, :count]), [probabilities[path] for path in told], **CLOSE
            )
        if 0 < len(every) <= k:
            np.testing.assert_allclose(np.exp(logs[row]).sum(), 1.0, **CLOSE)


@pytest.mark.parametrize("k", [0, -1, True, 2.0])
def test_k_best_refuses_other_numbers_of_paths(k: object) -> None:
    with pytest.raises(ValueError, match="k: expected a whole number"):
        crf.k_best(np.zeros([1, 2, 3]), np.zeros([3, 3]), k=k, lengths=[2])


@settings(max_examples=30, deadline=None)
@given(problems(masks=False))
def test_a_constant_per_token_changes_nothing(problem: Problem) -> None:
    random = np.random.default_rng(0)
    shifted = problem._replace(
        emissions=problem.emissions + 10 * random.normal(size=(*problem.tags.shape, 1))
    )
    before, after = (
        compiled.as_numpy(compiled.graph()(*compiled.arguments(each))) for each in (problem, shifted)
    )
    for name in ("log_likelihood", "by_emissions", "by_transitions", "marginals"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-8, atol=1e-8)
