"""A labelled span of a sentence."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Tokens `start` up to, but not including, `end` of a sentence, with a label."""

    start: int
    end: int
    label: str
