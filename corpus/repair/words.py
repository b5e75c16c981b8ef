"""Taking off tokens and tags what nobody meant to write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Set

from corpus.formats.words import invisible_in, parts_words

# U+0080 to U+009F are not here: they stand for letters of an encoding that was misread.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_WORD = re.compile(r"\S+")
_EDGES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace() and not 0x80 <= code <= 0x9F)


def cleaned(word: str, wanted: Set[str], done: Counter[str]) -> str:
    """A token or tag without control and invisible characters, and without white space at its ends.

    Args:
        word: the token or tag.
        wanted: codes of what is to be mended.
        done: counts the word under the code of everything that was taken off it.

    Returns:
        The word; unchanged where nothing would be left of it.
    """
    left = word
    taken = []
    for code, without in (("D112", _without_control), ("D215", _without_invisible), ("D111", _stripped)):
        shorter = without(left) if code in wanted else left
        if shorter != left:
            taken.append(code)
            left = shorter
    if not left or not taken:
        return word
    done.update(taken)
    return left


def dropped_from(text: str, wanted: Set[str]) -> dict[int, str]:
    """Which characters of a running text are taken out: their places, each with the code it falls under."""
    dropped: dict[int, str] = {}
    if "D112" in wanted:
        dropped.update((found.start(), "D112") for found in _CONTROL.finditer(text))
    if "D215" in wanted and not text.isascii():
        # Word by word: a joiner that one has no use for, an emoji beside it may need.
        for word in _WORD.finditer(text):
            hidden = frozenset(invisible_in(word[0]))
            dropped.update(
                (at, "D215") for at in range(word.start(), word.end()) if hidden and text[at] in hidden
            )
        dropped = {at: code for at, code in dropped.items() if not parts_words(text, at)}
    return dropped


def may_need_cleaning(lines: Iterable[str], *, blanks: bool) -> bool:
    """Whether any line holds what `cleaned` could take off: most hold nothing of the kind.

    Args:
        lines: token lines.
        blanks: whether spaces can stand at the ends of a column.
    """
    text = "".join(lines)
    return not text.isascii() or _CONTROL.search(text) is not None or (blanks and " " in text)


def _without_control(word: str) -> str:
    return _CONTROL.sub("", word)


def _without_invisible(word: str) -> str:
    if word.isascii():
        return word
    hidden = frozenset(invisible_in(word))
    return "".join(
        character for at, character in enumerate(word) if character not in hidden or parts_words(word, at)
    )


def _stripped(word: str) -> str:
    return word.strip(_EDGES)
