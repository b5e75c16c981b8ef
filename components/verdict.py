"""`verdict.json`: what a gate decided, with every rule in numbers and in words.

Each gate writes one beside its blessing. `Verdict` is ModelGate's; CorpusGate and ServingCheck derive theirs from
`VerdictFile` in their own `verdict.py`, since they also write down findings and measured times.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Self

FILE_NAME = "verdict.json"


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A rule of a gate, applied to one model.

    Attributes:
        name: which rule, such as `floor`, `no significant fall`, `calibration`, `median latency`.
        words: the result as a sentence, with value and bound.
        passed: whether the model meets it; a skipped rule passes.
        metric: key of the metric; see `components.metrics.tagging_metrics`.
        slice: the part of the test split, such as `domain=news`; empty for all of it.
        value: the measured value; of a comparison, the difference (candidate less the other).
        bound: the least or the greatest value allowed, as `words` says.
        low, high: the interval of the value, where one was computed.
        skipped: why the rule was not applied (no baseline yet, an empty slice); empty if it was.
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


class VerdictFile(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the verdicts: reading and writing."""

    def to_json(self) -> str:
        """Encode as an indented JSON object; `from_json` decodes it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Decode what `to_json` encoded.

        Raises:
            msgspec.ValidationError: it is the verdict of another gate.
        """
        return msgspec.json.decode(text, type=cls)

    def write(self, folder: str) -> None:
        """Write `verdict.json` in `folder`, which is created if it is missing."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, FILE_NAME).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: str) -> Self:
        """Read the `verdict.json` in `folder`.

        Raises:
            FileNotFoundError: the file is missing.
        """
        return cls.from_json(Path(folder, FILE_NAME).read_bytes())


class Verdict(VerdictFile, frozen=True, kw_only=True):
    """A gate's verdict by rules alone.

    Attributes:
        gate: the component's name.
        blessed: no rule failed.
        rules: all of them, failed, passed and skipped, in the order applied.
    """

    gate: str
    blessed: bool
    rules: list[Rule]

    @classmethod
    def of(cls, gate: str, rules: list[Rule]) -> Verdict:
        """Bless if every rule passed."""
        return cls(gate=gate, blessed=all(rule.passed for rule in rules), rules=rules)

    @property
    def reasons(self) -> list[str]:
        """Why the model is refused, in words; empty if it is not."""
        return [rule.words for rule in self.rules if not rule.passed]
