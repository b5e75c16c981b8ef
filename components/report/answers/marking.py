"""A sentence in pieces to be marked up: what is gold above the tokens, what is predicted below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from components.predictor.answer import Answer
from components.report.text import direction, shortened
from tagging.mistakes import Finding
from tagging.schemes import Scheme, UnknownTag
from tagging.scoring import strict_spans
from tagging.spans import Span

# Tokens shown on either side of an error, and of a sentence that is shown for itself.
AROUND = 18
MOST_TOKENS = 80
MOST_CHARACTERS = 40


class Line(NamedTuple):
    """The part of an entity over (or under) one token.

    Attributes:
        label: of the entity.
        told: the label, at the first token that is shown; empty at the others.
        last: whether the entity ends here.
        confidence: of a predicted entity, at its first token.
    """

    label: str
    told: str
    last: bool
    confidence: float | None = None


class Piece(NamedTuple):
    """A token with something to mark, or a run of tokens without."""

    text: str
    gold: Line | None = None
    predicted: Line | None = None
    wrong: bool = False

    @property
    def marked(self) -> bool:
        """Whether there is anything to it but text."""
        return bool(self.gold or self.predicted or self.wrong)


class Marked(NamedTuple):
    """A sentence, or a part of it.

    Attributes:
        direction: which way it runs.
        pieces: in order.
        before, after: how many tokens are left out on either side.
    """

    direction: Literal["ltr", "rtl"]
    pieces: list[Piece]
    before: int
    after: int


def mark(answer: Answer, scheme: Scheme, *, around: Finding | None = None) -> Marked:
    """Mark gold and predicted entities.

    Args:
        answer: the sentence; the model's tags may be illegal, and then name nothing.
        scheme: of both kinds of tags. Of plain tags, those that differ are marked; all of them without `around`.
        around: an error that is set apart, and around which a long sentence is cut; None marks the whole.
    """
    size = len(answer.tokens)
    first, last = (0, min(size, MOST_TOKENS))
    wrong = range(0)
    if around is not None:
        start, end = around.start, min(around.end, around.start + MOST_TOKENS)
        first, last = max(0, start - AROUND), min(size, end + AROUND)
        wrong = range(start, end)
    gold, predicted = _lines(answer, scheme, first, last, everything=around is None)
    pieces: list[Piece] = []
    run: list[str] = []
    for index in range(first, last):
        piece = Piece(
            shortened(answer.tokens[index], MOST_CHARACTERS),
            gold.get(index),
            predicted.get(index),
            index in wrong,
        )
        if not piece.marked:
            run.append(piece.text)
            continue
        if run:
            pieces.append(Piece(" ".join(run)))
            run = []
        pieces.append(piece)
    if run:
        pieces.append(Piece(" ".join(run)))
    return Marked(direction(answer.tokens), pieces, first, size - last)


def _lines(
    answer: Answer, scheme: Scheme, first: int, last: int, *, everything: bool
) -> tuple[dict[int, Line], dict[int, Line]]:
    """By token, the part of a gold entity over it, and of a predicted one under it."""
    if scheme.is_plain:
        pairs = list(zip(answer.gold, answer.predicted, strict=True))
        shown = [i for i in range(first, last) if everything or pairs[i][0] != pairs[i][1]]
        return (
            {i: Line(pairs[i][0], pairs[i][0], True) for i in shown if pairs[i][0] != pairs[i][1]},
            {i: Line(pairs[i][1], pairs[i][1], True, _least(answer, i, i + 1)) for i in shown},
        )
    gold, predicted = (_spans(tags, scheme) for tags in (answer.gold, answer.predicted))
    return (
        {i: line for span in gold for i, line in _line(span, first, last, None)},
        {
            i: line
            for span in predicted
            for i, line in _line(span, first, last, _least(answer, span.start, span.end))
        },
    )


def _spans(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    try:
        return strict_spans(tags, scheme)
    except UnknownTag:
        return []


def _line(span: Span, first: int, last: int, confidence: float | None) -> list[tuple[int, Line]]:
    begins = max(span.start, first)
    return [
        (
            index,
            Line(
                span.label,
                span.label if index == begins else "",
                index == span.end - 1,
                confidence if index == begins else None,
            ),
        )
        for index in range(begins, min(span.end, last))
    ]


def _least(answer: Answer, start: int, end: int) -> float | None:
    return min(answer.confidence[start:end], default=None)
