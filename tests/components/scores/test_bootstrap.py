"""The bootstrap against answers known without it: exact distributions, scipy's own, and symmetries."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st
from scipy import stats

from components.scores import bootstrap
from components.scores.bootstrap import percentile_intervals, resampled_sums

COUNTS = np_st.arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(0, 9))


@pytest.mark.parametrize("right", [3, 20, 37])
def test_sums_of_right_or_wrong_are_binomial(right: int) -> None:
    """40 sentences of one token each: a resample's right tokens are Binomial(40, right/40), to the last quantile."""
    counts = np.array([[1]] * right + [[0]] * (40 - right))
    sums = resampled_sums(counts, resamples=40_000, seed=0)[:, 0]
    exact = stats.binom(40, right / 40)
    found = np.bincount(sums.astype(int), minlength=41) / len(sums)
    # Each frequency is a binomial share itself: six of its standard deviations.
    expected = exact.pmf(np.arange(41))
    assert np.all(np.abs(found - expected) <= 6 * np.sqrt(expected / len(sums)) + 1e-9)
    low, high = percentile_intervals(sums[:, None] / 40, level=0.95)
    assert low[0] == pytest.approx(exact.ppf(0.025) / 40, abs=1 / 40 + 1e-12)
    assert high[0] == pytest.approx(exact.ppf(0.975) / 40, abs=1 / 40 + 1e-12)


def test_an_f1_has_the_interval_that_scipy_finds() -> None:
    generator = np.random.default_rng(3)
    gold, predicted = generator.integers(0, 4, size=(2, 120))
    correct = np.minimum(gold, predicted) * generator.integers(0, 2, size=120)

    def f1(gold: np.ndarray, predicted: np.ndarray, correct: np.ndarray, axis: int) -> np.ndarray:
        return 2 * correct.sum(axis=axis) / (gold.sum(axis=axis) + predicted.sum(axis=axis))

    theirs = stats.bootstrap(
        (gold, predicted, correct), f1, paired=True, vectorized=True, n_resamples=20_000, method="percentile",
        random_state=1,
    ).confidence_interval  # fmt: skip
    sums = resampled_sums(np.stack([gold, predicted, correct], axis=1), resamples=20_000, seed=0)
    low, high = percentile_intervals((2 * sums[:, 2] / (sums[:, 0] + sums[:, 1]))[:, None], level=0.95)
    assert low[0] == pytest.approx(theirs.low, abs=0.004)
    assert high[0] == pytest.approx(theirs.high, abs=0.004)


def test_two_sentences_are_drawn_as_enumeration_says() -> None:
    counts = np.array([[1, 10], [2, 30]])
    outcomes = [tuple(counts[list(drawn)].sum(axis=0)) for drawn in product(range(2), repeat=2)]
    sums = [tuple(row) for row in resampled_sums(counts, resamples=40_000, seed=0)]
    for outcome in set(outcomes):
        share = float(Fraction(outcomes.count(outcome), len(outcomes)))
        assert sums.count(outcome) / len(sums) == pytest.approx(share, abs=0.01)
    assert set(sums) == set(outcomes)


@given(counts=COUNTS, data=st.data())
def test_the_order_of_sentences_does_not_matter(counts: np.ndarray, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(counts))))
    np.testing.assert_array_equal(
        resampled_sums(counts, resamples=100, seed=5), resampled_sums(counts[order], resamples=100, seed=5)
    )


@given(counts=COUNTS, resamples=st.integers(1, 30))
def test_a_resample_has_as_many_sentences_as_the_original(counts: np.ndarray, resamples: int) -> None:
    ones = np.ones((len(counts), 1), np.int64)
    sums = resampled_sums(np.concatenate([counts, ones], axis=1), resamples=resamples, seed=0)
    assert sums.shape == (resamples, counts.shape[1] + 1)
    assert np.all(sums[:, -1] == len(counts))
    assert np.all(sums[:, :-1] >= counts.min(axis=0) * len(counts))
    assert np.all(sums[:, :-1] <= counts.max(axis=0) * len(counts))


def test_the_draws_depend_on_the_seed() -> None:
    counts = np.arange(20).reshape(10, 2)
    first = resampled_sums(counts, resamples=50, seed=1)
    np.testing.assert_array_equal(first, resampled_sums(counts, resamples=50, seed=1))
    assert np.any(first != resampled_sums(counts, resamples=50, seed=2))


def test_memory_is_bounded_by_chunks_that_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(0).integers(0, 5, size=(50, 3))
    sizes = []
    draw = bootstrap._draw_counts

    def watched(times: np.ndarray, *, resamples: int, seed: int) -> object:
        for drawn in draw(times, resamples=resamples, seed=seed):
            sizes.append(drawn.size)
            assert np.all(drawn.sum(axis=1) == 50)
            yield drawn

    monkeypatch.setattr(bootstrap, "_draw_counts", watched)
    monkeypatch.setattr(bootstrap, "_DRAWS", 500)
    assert resampled_sums(counts, resamples=95, seed=0).shape == (95, 3)
    assert max(sizes) <= 500
    assert len(sizes) == 10


def test_large_counts_stay_exact() -> None:
    """Above what float32 holds exactly."""
    sums = resampled_sums(np.array([[2**24 + 1], [2**24 + 1]]), resamples=10, seed=0)
    assert set(sums[:, 0]) == {2.0 * (2**24 + 1)}


def test_without_sentences_nothing_is_resampled() -> None:
    with pytest.raises(ValueError, match="found no sentence"):
        resampled_sums(np.zeros((0, 2), np.int64), resamples=10, seed=0)


@settings(max_examples=30, deadline=None)
@given(
    values=np_st.arrays(np.float64, (40, 3), elements=st.floats(0, 1)),
    holes=np_st.arrays(np.bool_, (40, 3)),
    level=st.sampled_from([0.5, 0.9, 0.95]),
)
def test_undefined_resamples_are_left_out(values: np.ndarray, holes: np.ndarray, level: float) -> None:
    low, high = percentile_intervals(np.where(holes, np.nan, values), level=level)
    for column in range(3):
        there = values[~holes[:, column], column]
        if not len(there):
            assert np.isnan(low[column])
            assert np.isnan(high[column])
            continue
        ends = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
        assert (low[column], high[column]) == pytest.approx(tuple(ends), abs=1e-12)
