"""One tagged sentence, the same from every format."""

from __future__ import annotations

from dataclasses import dataclass

from tagging.spans import Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """T tokens and their T tags, with what else the file holds.

    Attributes:
        tokens: T tokens, none empty, none with white space or control characters inside.
        tags: T tags as in the file, neither converted nor repaired; of a text with spans, tags in BIO.
        text: the running text that the tokens come from, if the file has it.
        starts: T offsets in Unicode characters of `text`, if every token was found in it.
        ends: T exclusive end offsets, in the same unit.
        domain: the sentence's domain in the file (`# domain = news`).
        spans: the entities, if the file has them as spans of a text; then the tags follow from them.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    text: str | None = None
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    domain: str | None = None
    spans: tuple[Span, ...] | None = None
