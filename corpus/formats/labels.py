"""What is told of labels of spans as they stand in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corpus.record import Note

# The prefixes that every tag scheme has. Others begin words too: E-MAIL.
_PREFIXED = re.compile(r"[BI]-\S")


def label_notes(labels: Iterable[str]) -> tuple[Note, ...]:
    """Tell of labels with spaces, and of those that look like tags; each label once."""
    notes = []
    for label in dict.fromkeys(labels):
        if " " in label:
            notes.append(Note(0, f"label {label!r}", "kept with its spaces", "D306"))
        elif _PREFIXED.match(label):
            notes.append(Note(0, f"label {label!r} of a span", "kept with its prefix", "D218"))
    return tuple(notes)
