"""The answers of two models to the same sentences: which of the two is right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from components.predictor import answer
from components.predictor.answer import Answer
from components.report.html.text import direction, shortened
from tagging.schemes import PLAIN, Scheme, can_read
from tagging.scoring import strict_spans

# Sentences shown that one model alone got right; all are counted.
SHOWN = 50
_MOST_CHARACTERS = 40


class Segment(NamedTuple):
    """Some tokens, with a label if they are an entity, or a token whose plain tags differ."""

    text: str
    label: str


class Tagging(NamedTuple):
    """A sentence with its tags from one source: `gold`, `first` or `second`."""

    source: str
    segments: tuple[Segment, ...]


class Disagreement(NamedTuple):
    """A sentence that one model alone got right; `number` counts from 1 in the test split."""

    number: int
    direction: str
    taggings: tuple[Tagging, ...]


class SentenceComparison(NamedTuple):
    """Attributes:
    sentences: how many there are.
    both, neither: how many both models, or neither, got right.
    first_only, second_only: how many one model alone got right.
    lost, won: the first of those that only the first, or only the second, got right; at most `SHOWN` each.
    """

    sentences: int
    both: int
    neither: int
    first_only: int
    second_only: int
    lost: list[Disagreement]
    won: list[Disagreement]


def compare_sentences(first: Path, second: Path, scheme: Scheme) -> SentenceComparison | None:
    """Compare two files of answers; None if their sentences or gold tags differ.

    A sentence is right when every tag is.
    """
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    lost: list[Disagreement] = []
    won: list[Disagreement] = []
    for number, (one, other) in enumerate(zip_longest(answer.read(first), answer.read(second)), start=1):
        if one is None or other is None or (one.tokens, one.gold) != (other.tokens, other.gold):
            return None
        right = (one.predicted == one.gold, other.predicted == other.gold)
        counts[right] += 1
        shown = lost if right == (True, False) else won
        if right[0] != right[1] and len(shown) < SHOWN:
            shown.append(_disagreement(number, one, other, scheme))
    return SentenceComparison(
        sentences=sum(counts.values()),
        both=counts[True, True],
        neither=counts[False, False],
        first_only=counts[True, False],
        second_only=counts[False, True],
        lost=lost,
        won=won,
    )


def _disagreement(number: int, one: Answer, other: Answer, scheme: Scheme) -> Disagreement:
    plain = scheme.is_plain or not can_read(one.gold, scheme)
    scheme = PLAIN if plain else scheme
    differs = [
        len({gold, *tags}) > 1 for gold, *tags in zip(one.gold, one.predicted, other.predicted, strict=True)
    ]
    sources = (("gold", one.gold), ("first", one.predicted), ("second", other.predicted))
    taggings = tuple(Tagging(name, _segments(one.tokens, tags, scheme, differs)) for name, tags in sources)
    return Disagreement(number, direction(one.tokens), taggings)


def _segments(
    tokens: Sequence[str], tags: Sequence[str], scheme: Scheme, differs: Sequence[bool]
) -> tuple[Segment, ...]:
    if scheme.is_plain:
        marked = {index: (index + 1, tags[index]) for index, differ in enumerate(differs) if differ}
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
