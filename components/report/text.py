"""Text from data as it is shown: nothing invisible, nothing endless."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

# Marks that turn the direction of all text after them.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_RIGHT_TO_LEFT = ("R", "AL")


def visible(text: str) -> str:
    """The text with control characters as their pictures, and other invisible ones by number."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _TURNING or unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return character


def shortened(text: str, most: int) -> str:
    """At most `most` characters of the text, visible; an ellipsis says that there were more."""
    return visible(text if len(text) <= most else f"{text[: most - 1]}…")


def direction(tokens: Iterable[str]) -> Literal["ltr", "rtl"]:
    """Which way a sentence runs: as its first letter says."""
    for token in tokens:
        for character in token:
            way = unicodedata.bidirectional(character)
            if way == "L":
                return "ltr"
            if way in _RIGHT_TO_LEFT:
                return "rtl"
    return "ltr"
