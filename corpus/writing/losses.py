"""What a form does not hold of the sentences that are written in it, counted by kind."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

_EXAMPLES = 5


class Loss(NamedTuple):
    """A kind of loss, told as `what` 12 `unit`s (`note`)."""

    what: str
    unit: str
    note: str = ""


LEFT_OUT = Loss("", "example", "left out by the reader; `tagline check` lists them")
SETTLED = Loss("", "fault", "settled as the reader does; `tagline check` lists them")
DOMAIN = Loss("the domain of", "sentence")
TEXT = Loss("the text of", "sentence", "it is not made of their tokens")
BREAKS = Loss("line breaks, tabs or outer spaces in text or domain of", "sentence")
OFFSETS = Loss("the places of tokens in the text of", "sentence", "reading does not find them again")
CUT = Loss("the tokens of", "sentence", "they will be cut otherwise")
BORDERS = Loss("the entities of", "sentence", "the scheme does not tell them apart")
TOKENS = Loss("characters in", "token", "written with _")
LABELS = Loss("characters in", "label", "written with _")


class Losses:
    """Counts losses; keeps the first few examples."""

    def __init__(self) -> None:
        self._counts: Counter[Loss] = Counter()
        self._examples: dict[Loss, dict[str, None]] = {}

    def add(self, loss: Loss, example: str = "", count: int = 1) -> None:
        """Count a loss; a count of 0 is none."""
        if not count:
            return
        self._counts[loss] += count
        examples = self._examples.setdefault(loss, {})
        if example and len(examples) < _EXAMPLES:
            examples[example] = None

    def told(self) -> list[str]:
        """Say what was lost, a line a kind."""
        return [self._line(loss, count) for loss, count in self._counts.items()]

    def _line(self, loss: Loss, count: int) -> str:
        line = f"{loss.what} {count:,} {loss.unit}{'s' * (count != 1)}".lstrip()
        line += f" ({loss.note})" if loss.note else ""
        examples = ", ".join(self._examples[loss])
        return f"{line}: {examples}" if examples else line
