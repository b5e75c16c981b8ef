"""Budgets as rules."""

from __future__ import annotations

import pytest

from components.serving_check.budgets import Budgets, rules


@pytest.mark.parametrize(
    ("budget", "passed"), [(None, [True] * 3), (2.0, [True, False, False]), (7.5, [True, True, True])]
)
def test_a_budget_is_an_upper_bound(budget: float | None, passed: list[bool]) -> None:
    budgets = Budgets(max_median_ms=budget, max_p99_ms=budget, max_model_mb=budget)
    found = rules(budgets, median_ms=2.0, p99_ms=7.5, model_bytes=7_500_000)
    assert [rule.passed for rule in found] == passed
    assert [rule.value for rule in found] == [2.0, 7.5, 7.5]
    assert all(bool(rule.skipped) == (budget is None) for rule in found)


def test_what_was_not_measured_is_skipped() -> None:
    median, p99, size = rules(Budgets(max_median_ms=1.0), median_ms=None, p99_ms=None, model_bytes=1)
    assert median.passed
    assert median.skipped == p99.skipped == "the server did not answer"
    assert size.value == 1e-6
