"""ServingCheck's verdict: its rules and what it measured."""

from __future__ import annotations

from components.serving_check.budgets import BUDGETS
from components.verdict import Rule, VerdictFile

ANSWERS = "served answers"


class ServingVerdict(VerdictFile, frozen=True, kw_only=True):
    """Attributes:
    blessed: no rule failed.
    reasons: why the model is refused, in words; empty if it is not.
    answers: how many were compared with those of the model in memory.
    median_ms, p99_ms: latency of an answer to a single sentence, in milliseconds; None without answers.
    seconds_to_ready: until the server had loaded the model; None if it never had.
    model_bytes: of all the model's files.
    rules: all of them: the answers, and every budget.
    """

    blessed: bool
    reasons: list[str]
    answers: int
    median_ms: float | None
    p99_ms: float | None = None
    seconds_to_ready: float | None
    model_bytes: int = 0
    rules: list[Rule]

    @property
    def broken(self) -> bool:
        """Whether the served answers are wrong, beside any budget: such a model is never pushed."""
        return any(not rule.passed and rule.name not in BUDGETS for rule in self.rules)


def answers_rule(reasons: list[str], answers: int) -> Rule:
    """The rule that served answers equal those of the model in memory.

    Args:
        reasons: the differences, or what went wrong.
        answers: how many were compared.
    """
    if not reasons:
        words = f"{answers} served answers equal those of the model in memory"
    else:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        words = f"the model is not served as it answers in memory: {reasons[0].splitlines()[0]}{more}"
    return Rule(name=ANSWERS, words=words, passed=not reasons)
