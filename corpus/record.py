"""What a format makes of one block: a sentence, and what it had to settle on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from corpus.sentence import Sentence


class Note(NamedTuple):
    """Something in the file that was settled rather than refused, such as a span off the token edges."""

    line: int
    """Line within the block (0-based)."""
    found: str
    became: str
    code: str = "D202"
    """Its number in `corpus.codes.CODES`."""


class Record(NamedTuple):
    """A sentence with its place in the block.

    Attributes:
        sentence: the sentence, or None where the block holds only comments.
        lines: T line numbers within the block, one a token (0-based).
        notes: what was settled, in the order of the file.
    """

    sentence: Sentence | None
    lines: Sequence[int] = ()
    notes: tuple[Note, ...] = ()


NOTHING = Record(None)
