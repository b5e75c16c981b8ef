"""The measures of shift, against scipy and against random samples."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2

from corpus.checks.shift import (
    chi_squared_bound,
    jensen_shannon,
    jensen_shannon_by_chance,
    l_infinity_by_chance,
    largest_differences,
)

COUNTS = st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 1000), min_size=1)


def shares(counts: dict[str, int]) -> list[float]:
    return [counts.get(label, 0) / sum(counts.values()) for label in "ABCDE"]


@settings(max_examples=200, deadline=None)
@given(COUNTS, COUNTS)
def test_the_divergence_is_scipys_distance_squared(one: dict[str, int], other: dict[str, int]) -> None:
    expected = jensenshannon(shares(one), shares(other), base=2) ** 2
    assert jensen_shannon(one, other) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(COUNTS, COUNTS)
def test_the_largest_difference(one: dict[str, int], other: dict[str, int]) -> None:
    differences = [abs(p - q) for p, q in zip(shares(one), shares(other), strict=True)]
    label, p, q = largest_differences(one, other)[0]
    assert abs(p - q) == pytest.approx(max(differences))
    assert (p, q) == (shares(one)["ABCDE".index(label)], shares(other)["ABCDE".index(label)])


def test_empty_counts_do_not_differ() -> None:
    assert jensen_shannon({}, {"A": 1}) == 0.0
    assert jensen_shannon_by_chance({}, {"A": 1}) == l_infinity_by_chance({}, {"A": 1}) == 0.0
    assert largest_differences({}, {}) == []


def test_disjoint_labels_differ_by_one_bit() -> None:
    assert jensen_shannon({"A": 3}, {"B": 5}) == 1.0


@pytest.mark.parametrize("degrees", [1, 2, 5, 20, 100])
def test_the_bound_of_chi_squared(degrees: int) -> None:
    assert chi_squared_bound(degrees) == pytest.approx(chi2.ppf(0.999, degrees), rel=0.04)


@pytest.mark.parametrize("sizes", [(2000, 200), (500, 500), (10000, 60)])
def test_chance_stays_below_its_bound(sizes: tuple[int, int]) -> None:
    # Of 1,000 pairs drawn from one distribution about one may pass; many pass half the bound.
    draw = random.Random(7)
    labels, weights = "ABCDEFGH", [30, 20, 15, 10, 10, 8, 5, 2]
    passed: Counter[str] = Counter()
    for _ in range(1000):
        one, other = (Counter(draw.choices(labels, weights, k=size)) for size in sizes)
        divergence, bound = jensen_shannon(one, other), jensen_shannon_by_chance(one, other)
        passed["divergence"] += divergence > bound
        passed["half the bound"] += divergence > bound / 2
        _, p, q = largest_differences(one, other)[0]
        passed["difference"] += abs(p - q) > l_infinity_by_chance(one, other)
    assert passed["divergence"] <= 10
    # The largest of several differences, each of which may pass.
    assert passed["difference"] <= 10
    assert passed["half the bound"] > 20
