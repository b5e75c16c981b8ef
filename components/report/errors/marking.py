"""A sentence cut into pieces for markup: gold entities above the tokens, predicted ones below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from components.predictor.answer import Answer
from components.report.html.text import direction, shortened
from tagging.mistakes import Finding
from tagging.schemes import Scheme, UnknownTag
from tagging.scoring import strict_spans
from tagging.spans import Span

# Tokens shown on either side of an error, and of a sentence without one.
AROUND = 18
MOST_TOKENS = 80
MOST_CHARACTERS = 40


class Mark(NamedTuple):
    """The part of an entity above or below one token.

    Attributes:
        label: of the entity.
        caption: the label at the first token shown; empty at the others.
        last: whether the entity ends here.
        confidence: of a predicted entity, at its first token.
    """

    label: str
    caption: str
    last: bool
    confidence: float | None = None


class Piece(NamedTuple):
    """A marked token, or a run of unmarked ones."""

    text: str
    gold: Mark | None = None
    predicted: Mark | None = None
    wrong: bool = False

    @property
    def marked(self) -> bool:
        """Whether it is more than text."""
        return bool(self.gold or self.predicted or self.wrong)


class Marked(NamedTuple):
    """A sentence, or a part of it.

    Attributes:
        direction: of the text.
        pieces: in order.
        before, after: how many tokens are left out on either side.
    """

    direction: Literal["ltr", "rtl"]
    pieces: list[Piece]
    before: int
    after: int


def mark(answer: Answer, scheme: Scheme, *, around: Finding | None = None) -> Marked:
    """Cut a sentence into pieces and mark gold and predicted entities.

    Args:
        answer: the sentence; predicted tags that the scheme cannot read have no entities.
        scheme: of both kinds of tags. Plain tags are marked where they differ; without `around`, all of them.
        around: an error to highlight, around which a long sentence is cut; None for none.
    """
    size = len(answer.tokens)
    first, last = (0, min(size, MOST_TOKENS))
    wrong = range(0)
    if around is not None:
        start, end = around.start, min(around.end, around.start + MOST_TOKENS)
        first, last = max(0, start - AROUND), min(size, end + AROUND)
        wrong = range(start, end)
    gold, predicted = _marks(answer, scheme, first, last, everything=around is None)
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


def _marks(
    answer: Answer, scheme: Scheme, first: int, last: int, *, everything: bool
) -> tuple[dict[int, Mark], dict[int, Mark]]:
    """The marks of gold and of predicted entities, by token."""
    if scheme.is_plain:
        pairs = list(zip(answer.gold, answer.predicted, strict=True))
        shown = [i for i in range(first, last) if everything or pairs[i][0] != pairs[i][1]]
        return (
            {i: Mark(pairs[i][0], pairs[i][0], True) for i in shown if pairs[i][0] != pairs[i][1]},
            {i: Mark(pairs[i][1], pairs[i][1], True, _lowest(answer, i, i + 1)) for i in shown},
        )
    gold, predicted = (_spans(tags, scheme) for tags in (answer.gold, answer.predicted))
    return (
        {i: part for span in gold for i, part in _marks_of(span, first, last, None)},
        {
            i: part
            for span in predicted
            for i, part in _marks_of(span, first, last, _lowest(answer, span.start, span.end))
        },
    )


def _spans(tags: Sequence[str], scheme: Scheme) -> list[Span]:
    try:
        return strict_spans(tags, scheme)
    except UnknownTag:
        return []


def _marks_of(span: Span, first: int, last: int, confidence: float | None) -> list[tuple[int, Mark]]:
    begins = max(span.start, first)
    return [
        (
            index,
            Mark(
                span.label,
                span.label if index == begins else "",
                index == span.end - 1,
                confidence if index == begins else None,
            ),
        )
        for index in range(begins, min(span.end, last))
    ]


def _lowest(answer: Answer, start: int, end: int) -> float | None:
    return min(answer.confidence[start:end], default=None)
