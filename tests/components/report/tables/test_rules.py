"""Rules of the gates as rows."""

from __future__ import annotations

import msgspec

from components.report.tables.rules import rule_rows
from components.verdict import Verdict
from tests.components.report.handmade_runs import FAILED, PUSHED


def test_the_sign_of_a_bound_depends_on_the_rule_and_not_on_a_label() -> None:
    words = "entity F1 (strict) of agreement is 0.6000 on domain=at most; required: at least 0.7"
    serving = msgspec.structs.replace(PUSHED.serving, rules=[])
    verdict = Verdict.of("ModelGate", [msgspec.structs.replace(FAILED, words=words)])
    assert [row.bound for row in rule_rows(verdict, serving)] == ["≥ 0.7"]
