"""`# key = value` lines, as CoNLL-U has them and many CoNLL files have borrowed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_KEY_VALUE = re.compile(r"#\s*([\w:.-]+)\s*=\s*(.*)")


def values_of(lines: Iterable[str]) -> dict[str, str]:
    """What comment lines say, by key; comments of any other shape say nothing."""
    values = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line.rstrip())
        if match:
            values[match[1]] = match[2]
    return values


def domain_of(values: dict[str, str]) -> str | None:
    """The domain, or the genre where only that is told."""
    return values.get("domain") or values.get("genre") or None


def offsets_in(
    text: str, tokens: Sequence[str]
) -> tuple[tuple[int, ...], tuple[int, ...]] | tuple[None, None]:
    """Finds T tokens in their text, in order and with only white space between them.

    Returns:
        T starts and T exclusive ends in Unicode characters, or (None, None) where the text is not made of
        these tokens (a multiword `zum` written out as `zu dem`).
    """
    starts, ends = [], []
    position = 0
    for token in tokens:
        while position < len(text) and text[position].isspace():
            position += 1
        if not text.startswith(token, position):
            return None, None
        starts.append(position)
        position += len(token)
        ends.append(position)
    if text[position:].strip():
        return None, None
    return tuple(starts), tuple(ends)
