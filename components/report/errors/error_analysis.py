"""The errors in a model's answers, collected in one pass over them.

Answers are streamed: only counts, the worst errors and a few sentences are kept.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from components.predictor.answer import Answer
from tagging.mistakes import CORRECT, Finding, findings
from tagging.schemes import OUTSIDE, PLAIN, Scheme, can_read

T = TypeVar("T")

WORST = 100
# Links from a count in the tables need an error that it counts, also where none is among the worst.
MORE_CELLS = 60
RIGHT_EXAMPLES, WRONG_EXAMPLES = 5, 3

Cell = tuple[str, str, str]
"""Kind of a finding, gold label, predicted label; a label is empty where there is no such entity."""


class Error(NamedTuple):
    """Attributes:
    finding: the kind of error, with gold and predicted entity.
    confidence: see `confidence_of`; None where the model gives none.
    number: of the sentence in the test split, from 1.
    answer: the sentence.
    """

    finding: Finding
    confidence: float | None
    number: int
    answer: Answer

    @property
    def cell(self) -> Cell:
        """The cell of the confusion matrix that counts it."""
        return cell_of(self.finding)


class Example(NamedTuple):
    """A sentence drawn at random to be shown, and how many errors it has."""

    number: int
    answer: Answer
    errors: int


@dataclass(frozen=True)
class ErrorAnalysis:
    """Attributes:
    scheme: that the tags were read in; `PLAIN` also if the corpus' scheme could not read the gold tags.
    sentences, tokens: how many there are.
    right_sentences: those without an error.
    counts: findings of each kind, gold and predicted label, correct ones included.
    worst: the errors of the highest confidence, in that order.
    more: the worst error of each cell that has none in `worst`, by the frequency of the cells; at most
        `MORE_CELLS`.
    unlisted: how many cells have no error in `worst` nor in `more`.
    right, wrong: sentences drawn by a hash of their tokens, those with entities first.
    has_confidence: whether the model gives confidences.
    """

    scheme: Scheme
    sentences: int
    tokens: int
    right_sentences: int
    counts: Counter[Cell]
    worst: list[Error]
    more: list[Error]
    unlisted: int
    right: list[Example]
    wrong: list[Example]
    has_confidence: bool

    @property
    def total(self) -> int:
        """The number of errors."""
        return sum(count for cell, count in self.counts.items() if cell[0] != CORRECT)

    def of_kind(self, kind: str) -> int:
        """Count findings of a kind."""
        return sum(count for cell, count in self.counts.items() if cell[0] == kind)


def cell_of(finding: Finding) -> Cell:
    """The cell of the confusion matrix that counts a finding."""
    gold, predicted = finding.gold, finding.predicted
    return finding.kind, gold.label if gold else "", predicted.label if predicted else ""


def confidence_of(finding: Finding, confidence: Sequence[float]) -> float | None:
    """The model's confidence in an error, 0..1, or None without confidences.

    It is the lowest marginal of the predicted tags over the tokens of the predicted entity, or, where nothing was
    predicted, over those of the missed gold entity.
    """
    span = finding.predicted or finding.gold
    if span is None or not confidence:
        return None
    return min(confidence[span.start : span.end], default=None)


@dataclass
class _Highest(Generic[T]):
    """The `most` items of the highest rank among all that were added."""

    most: int
    heap: list[tuple[tuple[float, ...], T]] = field(default_factory=list)

    def add(self, rank: tuple[float, ...], item: T) -> None:
        # Ranks end in a sentence and a place in it, so that no two are equal and items are never compared.
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, (rank, item))
        elif rank > self.heap[0][0]:
            heapq.heapreplace(self.heap, (rank, item))

    def ordered(self) -> list[T]:
        return [item for _, item in sorted(self.heap, key=lambda kept: kept[0], reverse=True)]


def analyse_errors(answers: Iterable[Answer], scheme: Scheme) -> ErrorAnalysis:
    """Read the answers once. Predicted tags that the scheme cannot read have no entities."""
    counts: Counter[Cell] = Counter()
    worst: _Highest[Error] = _Highest(WORST)
    worst_of: dict[Cell, tuple[tuple[float, ...], Error]] = {}
    right: _Highest[Example] = _Highest(RIGHT_EXAMPLES)
    wrong: _Highest[Example] = _Highest(WRONG_EXAMPLES)
    sentences = tokens = right_sentences = 0
    has_confidence = False
    for number, answer in enumerate(answers, 1):
        if not scheme.is_plain and not can_read(answer.gold, scheme):
            scheme = PLAIN
        in_sentence = _findings(answer, scheme)
        sentences, tokens = number, tokens + len(answer.tokens)
        has_confidence |= bool(answer.confidence)
        errors = 0
        for finding in in_sentence:
            cell = cell_of(finding)
            counts[cell] += 1
            if finding.kind == CORRECT:
                continue
            errors += 1
            confidence = confidence_of(finding, answer.confidence)
            rank = (confidence or 0.0, -number, -finding.start, -finding.end)
            error = Error(finding, confidence, number, answer)
            worst.add(rank, error)
            if cell not in worst_of or rank > worst_of[cell][0]:
                worst_of[cell] = (rank, error)
        right_sentences += not errors
        if answer.tokens:
            # Sentences with entities come before those without.
            drawn = (float(bool(in_sentence)), _random_rank(answer.tokens), -number)
            (wrong if errors else right).add(drawn, Example(number, answer, errors))
    listed = worst.ordered()
    others = sorted(
        worst_of.keys() - {error.cell for error in listed}, key=lambda cell: (-counts[cell], cell)
    )
    return ErrorAnalysis(
        scheme=scheme,
        sentences=sentences,
        tokens=tokens,
        right_sentences=right_sentences,
        counts=counts,
        worst=listed,
        more=[worst_of[cell][1] for cell in others[:MORE_CELLS]],
        unlisted=max(0, len(others) - MORE_CELLS),
        right=_by_number(right),
        wrong=_by_number(wrong),
        has_confidence=has_confidence,
    )


def _findings(answer: Answer, scheme: Scheme) -> list[Finding]:
    predicted: Sequence[str] = answer.predicted
    if not scheme.is_plain and not can_read(predicted, scheme):
        predicted = [OUTSIDE] * len(answer.gold)
    return findings(answer.gold, predicted, scheme)


def _random_rank(tokens: Sequence[str]) -> float:
    """A number that does not depend on the model and is the same in every run."""
    digest = hashlib.sha256("\x1f".join(tokens).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:6], "big")


def _by_number(examples: _Highest[Example]) -> list[Example]:
    return sorted(examples.ordered(), key=lambda example: example.number)
