"""Rules of the gates as rows."""

from __future__ import annotations

import msgspec

from components.report.tables.rules import rule_rows
from components.verdict import Rule, Verdict
from tests.components.report.handmade_runs import FAILED, PUSHED


def test_the_sign_of_a_bound_depends_on_the_rule_and_not_on_a_label() -> None:
    words = "entity F1 (strict) of agreement is 0.6000 on domain=at most; required: at least 0.7"
    serving = msgspec.structs.replace(PUSHED.serving, rules=[])
    verdict = Verdict.of("ModelGate", [msgspec.structs.replace(FAILED, words=words)])
    assert [row.bound for row in rule_rows(verdict, serving)] == ["≥ 0.7"]


def test_rules_that_count_have_whole_numbers() -> None:
    serving = msgspec.structs.replace(PUSHED.serving, rules=[])
    verdict = Verdict.of(
        "ModelGate",
        [
            Rule(name="different tags", words="", passed=False, value=1, bound=2),
            Rule(name="entities found", words="", passed=True, value=1234, bound=1),
            Rule(name="not below the most frequent tag", words="", passed=True, value=1.0, bound=0.75),
            Rule(name="Evaluator's blessing", words="", passed=True, value=0.8, bound=0.5),
        ],
    )
    assert [(row.value, row.bound) for row in rule_rows(verdict, serving)] == [
        ("1", "≥ 2"), ("1,234", "≥ 1"), ("1.0000", "≥ 0.75"), ("0.8000", "≥ 0.5"),
    ]  # fmt: skip
