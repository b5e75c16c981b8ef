"""When a served model counts as broken."""

from __future__ import annotations

import pytest

from components.serving_check.budgets import Budgets, rules
from components.serving_check.verdict import ServingVerdict, answers_rule


@pytest.mark.parametrize(
    ("answered", "over_budget", "broken"),
    [(True, False, False), (True, True, False), (False, False, True), (False, True, True)],
)
def test_over_budget_is_not_broken(answered: bool, over_budget: bool, broken: bool) -> None:
    found = [
        answers_rule([] if answered else ["other tags"], 3),
        *rules(Budgets(max_median_ms=1.0 if over_budget else 9.0), median_ms=5.0, p99_ms=5.0, model_bytes=1),
    ]
    verdict = ServingVerdict(
        blessed=all(rule.passed for rule in found), reasons=[], answers=3, median_ms=5.0, seconds_to_ready=1.0,
        rules=found,
    )  # fmt: skip
    assert verdict.broken == broken
