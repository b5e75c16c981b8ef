"""What ServingCheck found, as `verdict.json` beside its blessing."""

from __future__ import annotations

from pathlib import Path

import msgspec

from components.serving_check.budgets import BUDGETS
from components.verdict import Rule

FILE_NAME = "verdict.json"
ANSWERS = "served answers"


class ServingVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of the served model, and what it took.

    Attributes:
        blessed: no rule failed.
        reasons: why not, in words; empty if it is blessed.
        answers: how many were compared with those of the model in memory.
        median_ms, p99_ms: of an answer to a sentence asked alone, in milliseconds; None without answers.
        seconds_to_ready: until the server had loaded the model; None if it never had.
        model_bytes: of the model's files together.
        rules: all of them: the answers, and every budget.
    """

    blessed: bool
    reasons: list[str]
    answers: int
    median_ms: float | None
    p99_ms: float | None = None
    seconds_to_ready: float | None
    model_bytes: int = 0
    rules: list[Rule] = []

    @property
    def broken(self) -> bool:
        """Whether the model does not serve as it should, whatever it costs: such a one is never pushed."""
        failed = [rule for rule in self.rules if not rule.passed]
        return not self.blessed and (not failed or any(rule.name not in BUDGETS for rule in failed))

    def to_json(self) -> str:
        """As an indented JSON object."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()


def answers_rule(reasons: list[str], answers: int) -> Rule:
    """The served answers are those of the model in memory.

    Args:
        reasons: what is not the same, or what went wrong.
        answers: how many were compared.
    """
    if not reasons:
        words = f"{answers} served answers equal those of the model in memory"
    else:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        words = f"the model is not served as it answers in memory: {reasons[0].splitlines()[0]}{more}"
    return Rule(name=ANSWERS, words=words, passed=not reasons)


def read(uri: str) -> ServingVerdict:
    """The verdict beside a blessing.

    Raises:
        FileNotFoundError: there is none.
    """
    return msgspec.json.decode(Path(uri, FILE_NAME).read_bytes(), type=ServingVerdict)
