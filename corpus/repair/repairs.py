"""Which faults to repair in a corpus, and how often each has been repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field, replace

from corpus.options import ReadOptions
from tagging.notation import Notation


@dataclass(frozen=True)
class Repairs:
    """The repairs of one corpus.

    Attributes:
        options: how the corpus is read.
        notation: of its tags.
        codes: codes of the faults to repair.
        counts: number of repairs by code.
    """

    options: ReadOptions
    notation: Notation
    codes: Set[str]
    counts: Counter[str] = field(default_factory=Counter)

    def trial(self) -> Repairs:
        """Copy the repairs with counts of their own, which may be dropped."""
        return replace(self, counts=Counter())
