"""The characters that tokens and tags may hold, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from corpus.errors import BadLine

# White space and control characters would vanish or shift a column when the token is written to a file.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# Invisible characters that no script needs: soft hyphen, zero-width space, word joiner, byte order mark
# inside a text, marks of direction and of annotation. Joiners are not here: emoji and several scripts need
# them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)

_INNER_SPACE = re.compile(r"(?<=\S)[ \u00a0](?=\S)")

_ZERO_WIDTH_SPACE = "\u200b"
_JOINERS = re.compile("[\u200c\u200d]")


def invisible_in(word: str) -> list[str]:
    """Find the invisible characters of a word; joiners only if nothing else in the word could need one."""
    hidden = _INVISIBLE.findall(word)
    joiners = _JOINERS.findall(word)
    if joiners and _INVISIBLE.sub("", _JOINERS.sub("", word)).isascii():
        hidden += joiners
    return hidden


def may_separate_words(text: str, at: int) -> bool:
    """Whether a zero-width space at `at` stands between letters or digits: a space may have been meant."""
    before, after = text[max(0, at - 1) : at], text[at + 1 : at + 2]
    return text[at] == _ZERO_WIDTH_SPACE and before.isalnum() and after.isalnum()


def can_be_seen(word: str) -> bool:
    """Whether a word has any other characters than invisible ones."""
    return word.isascii() or bool(_INVISIBLE.sub("", _JOINERS.sub("", word)))


def _ends_in_tab(line: str) -> bool:
    return line.endswith("\t")


def require_valid_words(
    tokens: Sequence[str],
    tags: Sequence[str],
    places: Sequence[int],
    shown: Sequence[str],
    *,
    spaced: Container[str] = (),
) -> None:
    """Check T tokens and T tags of one sentence; `places` are their T lines, `shown` the record's lines.

    Args:
        spaced: "token", "tag" or both: what may have single spaces inside.

    Raises:
        BadLine: a token or tag is empty, or holds other white space or a control character.
    """
    for kind, words in (("token", tokens), ("tag", tags)):
        joined = "".join(words)
        # One search for all words, which nearly every sentence passes.
        if all(words) and not _UNFIT.search(joined):
            continue
        if kind in spaced:
            words = [_INNER_SPACE.sub("_", word) for word in words]
        for index, word in enumerate(words):
            place = places[index]
            if not word:
                raise BadLine(
                    place,
                    f"empty {kind}"
                    + (", at the tab that ends the line" if _ends_in_tab(shown[place]) else ""),
                    expected=f"a {kind}",
                    remedy="remove the tab at the end of the lines, or name the column (tag_column=-2)"
                    if kind == "tag" and _ends_in_tab(shown[place])
                    else f"write the {kind}, or leave the line out (a blank line ends a sentence)",
                    shown=shown[place],
                    code="D109",
                )
            match = _UNFIT.search(word)
            if match:
                blank = match[0].isspace()
                what = "white space" if blank else "a control character"
                raise BadLine(
                    place,
                    f"{what} (U+{ord(match[0]):04X}) in the {kind} {word!r}",
                    expected=f"a {kind} without white space and control characters",
                    remedy="check the separator, or replace the character, for example by _"
                    if blank
                    else "remove the character",
                    shown=shown[place],
                    code="D111" if blank else "D112",
                )
