"""Remove control characters, invisible characters and surrounding white space from tokens and tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Set

from corpus.formats.words import invisible_in, may_separate_words

# Without U+0080 to U+009F, which stand for letters of a misread encoding.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_WORD = re.compile(r"\S+")
_EDGES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace() and not 0x80 <= code <= 0x9F)


def clean(word: str, codes: Set[str], counts: Counter[str]) -> str:
    """Remove control and invisible characters, and white space at the ends, from a token or tag.

    Args:
        word: the token or tag.
        codes: codes of the faults to repair.
        counts: counts the word under the code of each fault removed.

    Returns:
        The word; unchanged if nothing would be left of it.
    """
    cleaned = word
    repaired = []
    for code, remove in (("D112", _without_control), ("D215", _without_invisible), ("D111", _stripped)):
        shorter = remove(cleaned) if code in codes else cleaned
        if shorter != cleaned:
            repaired.append(code)
            cleaned = shorter
    if not cleaned or not repaired:
        return word
    counts.update(repaired)
    return cleaned


def characters_to_drop(text: str, codes: Set[str]) -> dict[int, str]:
    """Find the characters to remove from a running text: the code of each by its index."""
    dropped: dict[int, str] = {}
    if "D112" in codes:
        dropped.update((match.start(), "D112") for match in _CONTROL.finditer(text))
    if "D215" in codes and not text.isascii():
        # Word by word: one word may need a joiner that the word beside it does not.
        for word in _WORD.finditer(text):
            hidden = frozenset(invisible_in(word[0]))
            dropped.update(
                (at, "D215") for at in range(word.start(), word.end()) if hidden and text[at] in hidden
            )
        dropped = {at: code for at, code in dropped.items() if not may_separate_words(text, at)}
    return dropped


def without(text: str, dropped: Container[int]) -> str:
    """Remove the characters at some indices from a text."""
    return "".join(character for at, character in enumerate(text) if at not in dropped)


def may_need_cleaning(lines: Iterable[str], *, blanks: bool) -> bool:
    """Whether `clean` could change any of the lines; a fast test that most sentences pass.

    Args:
        lines: token lines.
        blanks: whether columns can begin or end with spaces.
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
        character
        for at, character in enumerate(word)
        if character not in hidden or may_separate_words(word, at)
    )


def _stripped(word: str) -> str:
    return word.strip(_EDGES)
