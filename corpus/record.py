"""A record as a format has parsed it: a sentence, its lines, and what the format had to settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from corpus.sentence import Sentence


class Note(NamedTuple):
    """A fault that the format settled instead of raising, such as a span off the token edges.

    Attributes:
        line: line within the record (0-based).
        found: the fault.
        became: how it was settled.
        code: its code in `corpus.codes.CODES`.
    """

    line: int
    found: str
    became: str
    code: str


# Notes of a label as it stands in the file: nothing was settled, and one for each label is enough.
OF_LABELS = frozenset(("D218", "D306"))
# Notes that tell what was left out, as was meant by who annotated it.
AS_MEANT = frozenset(("D305",))


class Record(NamedTuple):
    """A parsed record.

    Attributes:
        sentence: the sentence, or None if the record holds only comments.
        lines: T line numbers within the record, one a token (0-based).
        notes: what was settled, in file order.
    """

    sentence: Sentence | None
    lines: Sequence[int] = ()
    notes: tuple[Note, ...] = ()


NOTHING = Record(None)
