"""A labelled stretch of a sentence."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Tokens `start` up to, but not including, `end` of one sentence, under one label."""

    start: int
    end: int
    label: str
