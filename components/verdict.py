"""A gate's verdict: every rule, what it asked, what it found, in numbers and in words."""

from __future__ import annotations

import msgspec

FILE_NAME = "verdict.json"


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that a gate asks.

    Attributes:
        name: which rule, such as `floor`, `no significant fall`, `calibration`, `median latency`.
        words: the finding as a person says it, with value and bound.
        passed: whether it holds; a skipped rule holds nothing against the model.
        metric: key of what is measured; see `components.metrics.tagging_metrics`.
        slice: the part of the test split, such as `domain=news`; empty for all of it.
        value: what was found; of a comparison, the difference (candidate less the other).
        bound: what was asked: at least, or at most, as `words` says.
        low, high: the interval of the value, where one was computed.
        skipped: why the rule could not be asked (no baseline yet, an empty slice); empty if it was.
    """

    name: str
    words: str
    passed: bool
    metric: str = ""
    slice: str = ""
    value: float | None = None
    bound: float | None = None
    low: float | None = None
    high: float | None = None
    skipped: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate says of a model.

    Attributes:
        gate: the component's name.
        blessed: no rule failed.
        rules: all of them, failed, passed and skipped, in the order asked.
    """

    gate: str
    blessed: bool
    rules: list[Rule]

    @classmethod
    def of(cls, gate: str, rules: list[Rule]) -> Verdict:
        """The verdict that the rules amount to."""
        return cls(gate=gate, blessed=all(rule.passed for rule in rules), rules=rules)

    @property
    def reasons(self) -> list[str]:
        """Why the model is refused, in words; empty if it is not."""
        return [rule.words for rule in self.rules if not rule.passed]

    def to_json(self) -> str:
        """As an indented JSON object; `from_json` reads it back."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Verdict:
        """The inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)
