"""Character classes for the tokenizer, as a table that Python and TensorFlow both search.

The table is computed from Python's `unicodedata`, so it needs no data file. An exported model contains the
table it was trained with, so it tokenizes in the same way under any version of Python.

Each tokenizer is a table; the rules are the same. That of "characters" has letters, digits and the signs that
join them as `HAN`, so that each is a token on its own.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from functools import cache
from itertools import chain
from typing import Literal

TokenizerName = Literal["words", "characters"]


class CharClass(IntEnum):
    """The classes of characters that the tokenizer distinguishes.

    Attributes:
        SPACE: separates tokens and belongs to none of them: white space, line ends, control characters, and
            invisible marks of direction or width (zero-width space, byte-order mark).
        OTHER: a token on its own: punctuation, symbols, emoji, and unassigned code points.
        WORD: letters, numbers that are not digits, and the underscore.
        DIGIT: decimal digits of any script; also word characters.
        HAN: a token on its own, since its words are not separated by spaces; unlike OTHER never joined.
        NUMBER_JOINER: `.` `,` `:` `/`, which join the digits on both sides.
        WORD_JOINER: hyphens and `&`, which join the word characters on both sides.
        APOSTROPHE: `'` and U+2019, which begin a clitic between word characters.
        SIGIL: `@` and `#`, which begin a name or tag.
        EXTENDER: belongs to the character before it: combining marks, variation selectors, skin
            tones, soft hyphens, the zero-width non-joiner.
        LINK: the zero-width joiner, an extender that also joins two symbols.
    """

    SPACE = 0
    OTHER = 1
    WORD = 2
    DIGIT = 3
    HAN = 4
    NUMBER_JOINER = 5
    WORD_JOINER = 6
    APOSTROPHE = 7
    SIGIL = 8
    EXTENDER = 9
    LINK = 10


_BY_CATEGORY = {
    **dict.fromkeys(("Zs", "Zl", "Zp", "Cc", "Cf"), CharClass.SPACE),
    **dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "No"), CharClass.WORD),
    **dict.fromkeys(("Mn", "Mc", "Me"), CharClass.EXTENDER),
    "Nd": CharClass.DIGIT,
}

_BY_CHARACTER = {
    **dict.fromkeys(".,:/", CharClass.NUMBER_JOINER),
    # Hyphen-minus, hyphen, non-breaking hyphen; dashes separate.
    **dict.fromkeys("-\u2010\u2011&", CharClass.WORD_JOINER),
    **dict.fromkeys("'\u2019", CharClass.APOSTROPHE),
    **dict.fromkeys("@#", CharClass.SIGIL),
    **dict.fromkeys("\u00ad\u200c\u2060", CharClass.EXTENDER),
    "_": CharClass.WORD,
    "\u200d": CharClass.LINK,
    # Visible format characters: number and verse signs of Arabic, Syriac and Kaithi.
    **dict.fromkeys(
        "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd\U000110cd", CharClass.OTHER
    ),
}

_BY_RANGE = (
    (0x3005, 0x3007, CharClass.HAN),
    (0x3400, 0x4DBF, CharClass.HAN),
    (0x4E00, 0x9FFF, CharClass.HAN),
    (0xF900, 0xFAFF, CharClass.HAN),
    (0x20000, 0x2FA1F, CharClass.HAN),
    (0x30000, 0x323AF, CharClass.HAN),
    (0x1F3FB, 0x1F3FF, CharClass.EXTENDER),  # skin tones
    (0xE0020, 0xE007F, CharClass.EXTENDER),  # the tag letters of regional flags
)

_OF_CHARACTERS = frozenset((CharClass.SPACE, CharClass.OTHER, CharClass.EXTENDER, CharClass.LINK))

# Nothing between these two code points is assigned.
_LAST_ASSIGNED, _FIRST_SPECIAL = 0x323AF, 0xE0000


def _class_of(code: int) -> CharClass:
    for first, last, char_class in _BY_RANGE:
        if first <= code <= last:
            return char_class
    char = chr(code)
    return _BY_CHARACTER.get(char) or _BY_CATEGORY.get(unicodedata.category(char), CharClass.OTHER)


@cache
def class_table(tokenizer: TokenizerName = "words") -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Compute the class of every code point to a tokenizer, as ranges.

    Returns:
        `boundaries`, the first code points of the ranges, ascending from 0; and `classes`, the
        `CharClass` of each range. A code point belongs to the last range that begins at or below it.
    """
    if tokenizer == "characters":
        return _joined(
            (first, char_class if char_class in _OF_CHARACTERS else CharClass.HAN)
            for first, char_class in zip(*class_table("words"), strict=True)
        )
    codes = chain(range(_LAST_ASSIGNED + 2), range(_FIRST_SPECIAL, sys.maxunicode + 1))
    return _joined((code, _class_of(code)) for code in codes)


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Join neighbouring ranges, given as their first code point and class, of the same class."""
    boundaries: list[int] = []
    classes: list[int] = []
    for first, char_class in ranges:
        if not classes or char_class != classes[-1]:
            boundaries.append(first)
            classes.append(int(char_class))
    return tuple(boundaries), tuple(classes)
