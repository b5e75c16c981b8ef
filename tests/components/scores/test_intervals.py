"""Exact intervals against scipy's, and against what makes them exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from components.scores.intervals import clopper_pearson


@given(data=st.data(), total=st.integers(1, 400), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_equal_scipys(data: st.DataObject, total: int, level: float) -> None:
    right = data.draw(st.integers(0, total))
    theirs = stats.binomtest(right, total).proportion_ci(level, method="exact")
    assert clopper_pearson(right, total, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize("proportion", [0.02, 0.3, 0.5, 0.97])
def test_intervals_cover_every_proportion_at_the_level(proportion: float) -> None:
    """Enumerated: the share of outcomes of 30 trials whose interval has the true proportion within."""
    held = 0.0
    for right in range(31):
        low, high = clopper_pearson(right, 30, level=0.95)
        if low <= proportion <= high:
            held += stats.binom(30, proportion).pmf(right)
    assert held >= 0.95


def test_intervals_of_none_and_all_end_at_0_and_1() -> None:
    assert clopper_pearson(0, 10, level=0.95).low == 0.0
    assert clopper_pearson(10, 10, level=0.95).high == 1.0
    # The rule of three, to first order: 1 - 0.025 ** (1/10).
    assert clopper_pearson(0, 10, level=0.95).high == pytest.approx(1 - 0.025**0.1)


@pytest.mark.parametrize(("right", "total"), [(-1, 3), (4, 3), (0, 0)])
def test_an_impossible_proportion_is_refused(right: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"found {right} of {total}; expected 0 <= right <= total"):
        clopper_pearson(right, total, level=0.95)
