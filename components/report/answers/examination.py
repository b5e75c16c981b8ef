"""What a page tells of a model's answers, gathered in one pass over them.

Answers stream by: what is kept is counts, the worst errors and a few sentences.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from components.predictor.answer import Answer
from tagging.mistakes import CORRECT, Finding, findings
from tagging.schemes import OUTSIDE, PLAIN, Scheme, can_read

WORST = 100
# So that a count in the tables leads to an error that it counts, though none of them is among the worst.
MORE_CELLS = 60
DRAWN_RIGHT, DRAWN_WRONG = 5, 3

Cell = tuple[str, str, str]
"""Kind of a finding, gold label, predicted label; an empty label where there is no such entity."""


class Error(NamedTuple):
    """Something that a model got wrong.

    Attributes:
        finding: what it is, with gold and predicted entity.
        confidence: see `confidence_of`; None where the model gives none.
        number: of the sentence in the test split, from 1.
        answer: the whole sentence.
    """

    finding: Finding
    confidence: float | None
    number: int
    answer: Answer

    @property
    def cell(self) -> Cell:
        """What it is counted under."""
        return cell_of(self.finding)


class Drawn(NamedTuple):
    """A sentence that was drawn to be shown, and how many errors it has."""

    number: int
    answer: Answer
    errors: int


@dataclass(frozen=True)
class Examination:
    """Attributes:
    scheme: what the tags were read in; `PLAIN` also where gold tags could not be read in the scheme given.
    sentences, tokens: how many there are.
    right_sentences: those without an error.
    counts: how many findings of each kind, gold and predicted label, the correct ones included.
    worst: the worst errors, the worst first.
    more: the worst of each kind and pair of labels that has none among them, the most frequent first; at most
        `MORE_CELLS`.
    unlisted: kinds and pairs of labels that have none in `worst` nor in `more`.
    right, wrong: sentences drawn by a hash of their tokens, with entities where any have.
    has_confidence: whether the model says how sure it is.
    """

    scheme: Scheme
    sentences: int
    tokens: int
    right_sentences: int
    counts: Counter[Cell]
    worst: list[Error]
    more: list[Error]
    unlisted: int
    right: list[Drawn]
    wrong: list[Drawn]
    has_confidence: bool

    @property
    def errors(self) -> int:
        """How many there are in all."""
        return sum(count for cell, count in self.counts.items() if cell[0] != CORRECT)

    def of_kind(self, kind: str) -> int:
        """How many findings are of this kind."""
        return sum(count for cell, count in self.counts.items() if cell[0] == kind)

    def gold_of(self, label: str) -> int:
        """How many gold entities (plain: tokens) have this label."""
        return sum(count for cell, count in self.counts.items() if cell[1] == label)


def cell_of(finding: Finding) -> Cell:
    """What a finding is counted under."""
    gold, predicted = finding.gold, finding.predicted
    return finding.kind, gold.label if gold else "", predicted.label if predicted else ""


def confidence_of(finding: Finding, confidence: Sequence[float]) -> float | None:
    """How sure the model was of what it got wrong, 0..1: the lowest marginal of the predicted tags over the
    tokens of the predicted entity; where it predicted none, over those of the gold entity that it missed.
    """
    span = finding.predicted or finding.gold
    if span is None or not confidence:
        return None
    return min(confidence[span.start : span.end], default=None)


@dataclass
class _Kept:
    """The `most` of the highest rank among all that were offered."""

    most: int
    heap: list[tuple[tuple[float, ...], object]] = field(default_factory=list)

    def offer(self, rank: tuple[float, ...], what: object) -> None:
        # Ranks end in a sentence and a place in it, so that no two are equal and `what` is never compared.
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, (rank, what))
        elif rank > self.heap[0][0]:
            heapq.heapreplace(self.heap, (rank, what))

    def ordered(self) -> list[tuple[tuple[float, ...], object]]:
        return sorted(self.heap, key=lambda kept: kept[0], reverse=True)


def examine(answers: Iterable[Answer], scheme: Scheme) -> Examination:
    """Read the answers once. Tags that a model should not have written name no entity."""
    counts: Counter[Cell] = Counter()
    worst = _Kept(WORST)
    worst_of: dict[Cell, tuple[tuple[float, ...], Error]] = {}
    right, wrong = _Kept(DRAWN_RIGHT), _Kept(DRAWN_WRONG)
    sentences = tokens = right_sentences = 0
    has_confidence = False
    for number, answer in enumerate(answers, 1):
        if not scheme.is_plain and not can_read(answer.gold, scheme):
            scheme = PLAIN
        found = _findings(answer, scheme)
        sentences, tokens = number, tokens + len(answer.tokens)
        has_confidence |= bool(answer.confidence)
        errors = 0
        for finding in found:
            cell = cell_of(finding)
            counts[cell] += 1
            if finding.kind == CORRECT:
                continue
            errors += 1
            confidence = confidence_of(finding, answer.confidence)
            rank = (confidence or 0.0, -number, -finding.start, -finding.end)
            error = Error(finding, confidence, number, answer)
            worst.offer(rank, error)
            if cell not in worst_of or rank > worst_of[cell][0]:
                worst_of[cell] = (rank, error)
        right_sentences += not errors
        if answer.tokens:
            # Sentences with something to mark come before those without.
            drawn = (float(bool(found)), _draw(answer.tokens), -number)
            (wrong if errors else right).offer(drawn, Drawn(number, answer, errors))
    listed = [error for _, error in worst.ordered() if isinstance(error, Error)]
    among = {error.cell for error in listed}
    others = sorted(worst_of.keys() - among, key=lambda cell: (-counts[cell], cell))
    return Examination(
        scheme=scheme,
        sentences=sentences,
        tokens=tokens,
        right_sentences=right_sentences,
        counts=counts,
        worst=listed,
        more=[worst_of[cell][1] for cell in others[:MORE_CELLS]],
        unlisted=max(0, len(others) - MORE_CELLS),
        right=_in_order(right),
        wrong=_in_order(wrong),
        has_confidence=has_confidence,
    )


def _findings(answer: Answer, scheme: Scheme) -> list[Finding]:
    predicted: Sequence[str] = answer.predicted
    if not scheme.is_plain and not can_read(predicted, scheme):
        predicted = [OUTSIDE] * len(answer.gold)
    return findings(answer.gold, predicted, scheme)


def _draw(tokens: Sequence[str]) -> float:
    """A number that has nothing to do with how the model did, and is the same in every run."""
    digest = hashlib.sha256("\x1f".join(tokens).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:6], "big")


def _in_order(kept: _Kept) -> list[Drawn]:
    return sorted(
        (drawn for _, drawn in kept.heap if isinstance(drawn, Drawn)), key=lambda drawn: drawn.number
    )
