"""The rules of the gates as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from components.model_gate.rules import (
    AGREEMENT,
    DIFFERENT_TAGS,
    ENTITIES_FOUND,
    EVALUATOR_BLESSING,
    FLOOR,
    NO_FALL,
    NOT_BELOW_CRFSUITE,
    NOT_BELOW_MOST_FREQUENT_TAG,
)
from components.serving_check.verdict import ServingVerdict
from components.verdict import Rule, Verdict

SERVING_GATE = "ServingCheck"

_COUNTS = (DIFFERENT_TAGS, ENTITIES_FOUND)
_LOWER_BOUNDS = (
    *_COUNTS, FLOOR, EVALUATOR_BLESSING, NO_FALL, NOT_BELOW_CRFSUITE, NOT_BELOW_MOST_FREQUENT_TAG,
)  # fmt: skip


class RuleRow(NamedTuple):
    """Attributes:
    gate: the component that applied the rule.
    rule: the rule.
    state: passed, failed or skipped.
    bound, value, interval: in figures; empty where the rule has none.
    """

    gate: str
    rule: Rule
    state: str
    bound: str
    value: str
    interval: str


def rule_rows(model: Verdict, serving: ServingVerdict) -> list[RuleRow]:
    """Every rule of both gates, in the order applied; ServingCheck's once, though ModelGate repeats them."""
    return [
        *(_row(model.gate, rule) for rule in model.rules if rule not in serving.rules),
        *(_row(SERVING_GATE, rule) for rule in serving.rules),
    ]


def _row(gate: str, rule: Rule) -> RuleRow:
    return RuleRow(
        gate=gate,
        rule=rule,
        state="failed" if not rule.passed else "skipped" if rule.skipped else "passed",
        bound="" if rule.bound is None else f"{_sign(rule)}{rule.bound:g}".replace("-", "−"),
        value=_value(rule),
        interval=(
            "" if rule.low is None or rule.high is None else f"{_figure(rule.low)} to {_figure(rule.high)}"
        ),
    )


def _sign(rule: Rule) -> str:
    """Whether a bound is a lower or an upper one, as those of calibration and budgets are."""
    if rule.name == AGREEMENT:
        return "± "
    return "≥ " if rule.name in _LOWER_BOUNDS else "≤ "


def _value(rule: Rule) -> str:
    if rule.value is None:
        return ""
    return f"{rule.value:,.0f}" if rule.name in _COUNTS else _figure(rule.value)


def _figure(value: float) -> str:
    """Format scores with four decimals, and times and sizes with four significant digits."""
    text = f"{value:.4f}" if abs(value) <= 1 else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "0.0000" if text == "-0.0000" else text.replace("-", "−")


def state_counts(rows: Iterable[RuleRow]) -> dict[str, int]:
    """Count the rules that failed, passed and were skipped."""
    states = [row.state for row in rows]
    return {state: states.count(state) for state in ("failed", "passed", "skipped")}
