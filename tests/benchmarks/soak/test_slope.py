"""The slope of measurements and its noise, and what the closing lines count."""

from __future__ import annotations

import pytest

from benchmarks.soak.slope import slope_of
from benchmarks.soak.tally import Tally


def test_a_straight_line_has_no_noise() -> None:
    slope = slope_of([0, 1, 3], [5, 7, 11])
    assert slope.value == pytest.approx(2)
    assert slope.noise == pytest.approx(0)


def test_values_that_go_up_and_down_have_noise_above_their_slope() -> None:
    slope = slope_of([0, 1, 2, 3], [1, -1, 1, -1])
    # By hand: slope -0.4, squared rests 3.2, spread of the times 5.
    assert slope.value == pytest.approx(-0.4)
    assert slope.noise == pytest.approx(2 * (3.2 / 2 / 5) ** 0.5)


def test_requests_are_told_by_kind_and_status() -> None:
    tally = Tally()
    tally.add("honest", "OK")
    tally.add("honest", "UNAVAILABLE", lost="full")
    tally.add("hostile", "INTERNAL", wrong="a blunder")
    assert tally.told() == ["wrong 1, lost 1", "honest: OK 1, UNAVAILABLE 1", "hostile: INTERNAL 1"]
