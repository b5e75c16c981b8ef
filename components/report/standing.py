"""Where a run stands: what was pushed, or why nothing was, rule by rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from components.model_gate.rules import AGREEMENT, FLOOR, NO_FALL, NOT_BELOW_CRFSUITE
from components.verdict import Rule, Verdict

SERVING_GATE = "ServingCheck"


@dataclass(frozen=True)
class Pushed:
    """What became of the model.

    Attributes:
        folder: of the version that holds it; empty if nothing was pushed.
        version: its number.
        duplicate: the version was there already, and is this very model.
        forced: why it was pushed against the verdict; empty if it was not.
        not_forced: why a push that was to be forced was not; empty if none was to be.
    """

    folder: str = ""
    version: int = 0
    duplicate: bool = False
    forced: str = ""
    not_forced: str = ""


class RuleRow(NamedTuple):
    """A rule as the table has it.

    Attributes:
        gate: the component that asked.
        rule: the rule.
        state: passed, failed or skipped.
        asked, found, interval: in figures; empty where there are none.
    """

    gate: str
    rule: Rule
    state: str
    asked: str
    found: str
    interval: str


def rule_rows(model: Verdict | None, serving: dict[str, Any]) -> list[RuleRow]:
    """Every rule of both gates, in the order asked. ModelGate repeats ServingCheck's: each is told once."""
    of_serving = msgspec.convert(serving.get("rules", []), list[Rule])
    of_model = [rule for rule in model.rules if rule not in of_serving] if model else []
    return [
        *(_row(model.gate if model else "", rule) for rule in of_model),
        *(_row(SERVING_GATE, rule) for rule in of_serving),
    ]


def _row(gate: str, rule: Rule) -> RuleRow:
    return RuleRow(
        gate=gate,
        rule=rule,
        state="failed" if not rule.passed else "skipped" if rule.skipped else "passed",
        asked="" if rule.bound is None else f"{_sign(rule)}{rule.bound:g}".replace("-", "−"),
        found="" if rule.value is None else _figure(rule.value),
        interval=(
            "" if rule.low is None or rule.high is None else f"{_figure(rule.low)} to {_figure(rule.high)}"
        ),
    )


def _sign(rule: Rule) -> str:
    """Whether a bound is one from below or from above: calibration and budgets have the latter."""
    if rule.name == AGREEMENT:
        return "± "
    return "≥ " if rule.name in (FLOOR, NO_FALL, NOT_BELOW_CRFSUITE) else "≤ "


def _figure(value: float) -> str:
    """Scores with four digits behind the point, times and sizes with four in all."""
    text = f"{value:.4f}" if abs(value) <= 1 else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "0.0000" if text == "-0.0000" else text.replace("-", "−")


def reasons(model: Verdict | None, serving: dict[str, Any]) -> list[str]:
    """Why the model is refused, in words; empty if neither gate refuses it."""
    told = [*(model.reasons if model else []), *serving.get("reasons", [])]
    return list(dict.fromkeys(told))


def counted(rows: Iterable[RuleRow]) -> dict[str, int]:
    """How many rules failed, passed and were skipped."""
    states = [row.state for row in rows]
    return {state: states.count(state) for state in ("failed", "passed", "skipped")}
