"""`# key = value` lines, which CoNLL-U defines and many CoNLL files use too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from corpus.formats.alignment import token_offsets
from corpus.record import Record
from corpus.sentence import Sentence

_KEY_VALUE = re.compile(r"#\s*([\w:.-]+)\s*=\s*(.*)")


def comment_values(lines: Iterable[str]) -> dict[str, str]:
    """Parse `# key = value` lines into a dictionary; other comments are ignored."""
    values = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line.rstrip())
        if match:
            values[match[1]] = match[2]
    return values


def record_with_comments(
    tokens: Sequence[str], tags: Sequence[str], lines: Sequence[int], comments: Sequence[str]
) -> Record:
    """Make the record of T tokens, their T tags and T lines, with text and domain from its comments.

    The domain is `domain`, or else `genre`.
    """
    if not comments:
        return Record(Sentence(tuple(tokens), tuple(tags)), lines)
    values = comment_values(comments)
    text = values.get("text") or None
    starts, ends = token_offsets(text, tokens) if text else (None, None)
    domain = values.get("domain") or values.get("genre") or None
    return Record(Sentence(tuple(tokens), tuple(tags), text, starts, ends, domain), lines)
