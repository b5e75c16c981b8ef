"""A sentence to write, and its tags in the notation of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from corpus.options import ReadOptions
from corpus.sentence import Sentence
from corpus.writing.losses import BORDERS, LABELS, Loss, Losses
from tagging.notation import Notation
from tagging.spans import Span

NEVER = re.compile("(?!)")


class Tagged(NamedTuple):
    """A sentence to write.

    Attributes:
        number: its number in the file, from 1 on.
        sentence: of T tokens.
        spans: its entities; None if its tags are plain.
    """

    number: int
    sentence: Sentence
    spans: Sequence[Span] | None


class Target(NamedTuple):
    """What all sentences are written for.

    Attributes:
        notation: of the tags.
        options: how the reader of the file will cut texts.
        losses: counts what the form does not hold.
    """

    notation: Notation
    options: ReadOptions
    losses: Losses


def tags_of(tagged: Tagged, target: Target, unfit: re.Pattern[str] = NEVER) -> list[str]:
    """Return the T tags; characters that are `unfit` in labels are written with `_`."""
    if tagged.spans is None:
        return [fitted(tag, unfit, LABELS, target) for tag in tagged.sentence.tags]
    spans = [span._replace(label=fitted(span.label, unfit, LABELS, target)) for span in tagged.spans]
    tags = target.notation.tags_of(spans, len(tagged.sentence.tokens))
    if target.notation.side == "none" and target.notation.parse(tags).spans != spans:
        target.losses.add(BORDERS)
    return tags


def fitted(word: str, unfit: re.Pattern[str], loss: Loss, target: Target) -> str:
    """Write characters that are `unfit` with `_`, and count the word as a loss if it has any."""
    new = unfit.sub("_", word)
    if new != word:
        target.losses.add(loss, word)
    return new
