"""Text from data as it is shown: no invisible characters, and limited in length."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

from markupsafe import Markup

# Characters that change the direction of all text after them.
_DIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_RIGHT_TO_LEFT = ("R", "AL")


def visible(text: str) -> str:
    """Replace control characters by their pictures, and other invisible ones by their numbers."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _DIRECTIONAL or unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return character


def shortened(text: str, most: int) -> str:
    """Cut the text to `most` characters, the last an ellipsis where it was longer, and make it visible."""
    return visible(text if len(text) <= most else f"{text[: most - 1]}…")


def breakable(name: str) -> Markup:
    """Let a narrow screen break a name such as `entity_f1_strict` after its underscores."""
    return Markup("_<wbr>").join(name.split("_"))


def direction(tokens: Iterable[str]) -> Literal["ltr", "rtl"]:
    """The direction of a sentence: that of its first letter."""
    for token in tokens:
        for character in token:
            way = unicodedata.bidirectional(character)
            if way == "L":
                return "ltr"
            if way in _RIGHT_TO_LEFT:
                return "rtl"
    return "ltr"
