"""One tagged sentence, as every reader gives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """T tokens and their T tags, with what else the file said.

    Attributes:
        tokens: T tokens, none empty, none with white space or control characters inside.
        tags: T tags as they stand in the file (nothing converted, nothing repaired).
        text: the running text the tokens were taken from, where the file gives it.
        starts: T offsets in Unicode characters of `text`, where every token was found in it.
        ends: T exclusive end offsets, of the same unit.
        domain: what the file says of the sentence's origin (`# domain = news`).
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    text: str | None = None
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    domain: str | None = None
