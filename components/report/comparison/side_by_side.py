"""What two models answer to the same sentences: which of them is right where, streaming."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from components.predictor import answer
from components.predictor.answer import Answer
from components.report.text import direction, shortened
from tagging.schemes import PLAIN, Scheme, can_read
from tagging.scoring import strict_spans

# Sentences that are shown of a kind; all are counted.
SHOWN = 50
_MOST_CHARACTERS = 40


class Segment(NamedTuple):
    """Some tokens; with a label where they are an entity, or of plain tags a token whose tag is worth showing."""

    text: str
    label: str


class Reading(NamedTuple):
    """A sentence as somebody reads it: `gold`, or one of the two models."""

    whose: str
    segments: tuple[Segment, ...]


class Differing(NamedTuple):
    """A sentence that one model got right and the other wrong; `number` counts from 1 in the test split."""

    number: int
    direction: str
    readings: tuple[Reading, ...]


class SideBySide(NamedTuple):
    """Attributes:
    sentences: all of them.
    both, neither: those that both, or neither, got wholly right.
    first_only, second_only: how many only one got right.
    lost, won: the first of those, at most `SHOWN` each.
    """

    sentences: int
    both: int
    neither: int
    first_only: int
    second_only: int
    lost: list[Differing]
    won: list[Differing]


def side_by_side(first: Path, second: Path, scheme: Scheme) -> SideBySide | None:
    """Read both files at once; None if they do not hold the same sentences with the same gold tags.

    A sentence is right when every tag is.
    """
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    lost: list[Differing] = []
    won: list[Differing] = []
    for number, (one, other) in enumerate(zip_longest(answer.read(first), answer.read(second)), start=1):
        if one is None or other is None or (one.tokens, one.gold) != (other.tokens, other.gold):
            return None
        right = (one.predicted == one.gold, other.predicted == other.gold)
        counts[right] += 1
        into = lost if right == (True, False) else won
        if right[0] != right[1] and len(into) < SHOWN:
            into.append(_differing(number, one, other, scheme))
    return SideBySide(
        sentences=sum(counts.values()),
        both=counts[True, True],
        neither=counts[False, False],
        first_only=counts[True, False],
        second_only=counts[False, True],
        lost=lost,
        won=won,
    )


def _differing(number: int, one: Answer, other: Answer, scheme: Scheme) -> Differing:
    plain = scheme.is_plain or not can_read(one.gold, scheme)
    read_in = PLAIN if plain else scheme
    unlike = [
        len({gold, *tags}) > 1 for gold, *tags in zip(one.gold, one.predicted, other.predicted, strict=True)
    ]
    named = (("gold", one.gold), ("first", one.predicted), ("second", other.predicted))
    readings = tuple(Reading(whose, _segments(one.tokens, tags, read_in, unlike)) for whose, tags in named)
    return Differing(number, direction(one.tokens), readings)


def _segments(
    tokens: Sequence[str], tags: Sequence[str], scheme: Scheme, unlike: Sequence[bool]
) -> tuple[Segment, ...]:
    if scheme.is_plain:
        marked = {index: (index + 1, tags[index]) for index, differs in enumerate(unlike) if differs}
    else:
        spans = strict_spans(tags, scheme) if can_read(tags, scheme) else []
        marked = {span.start: (span.end, span.label) for span in spans}
    segments: list[Segment] = []
    index = 0
    while index < len(tokens):
        end, label = marked.get(index, (index + 1, ""))
        text = " ".join(shortened(token, _MOST_CHARACTERS) for token in tokens[index:end])
        if not label and segments and not segments[-1].label:
            segments[-1] = Segment(f"{segments[-1].text} {text}", "")
        else:
            segments.append(Segment(text, label))
        index = end
    return tuple(segments)
