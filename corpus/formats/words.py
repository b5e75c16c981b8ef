"""What a token and a tag may hold, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.errors import BadLine

# White space and control characters: they would vanish or move a column when the token is written out again.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# What no eye sees and no writing needs: soft hyphen, zero-width space, word joiner, byte order mark within a
# text, signs of direction and of annotation. Joiners are left alone: emoji and several scripts need them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)

_ZERO_WIDTH_SPACE = "\u200b"
_JOINERS = re.compile("[\u200c\u200d]")


def invisible_in(word: str) -> list[str]:
    """The characters of a word that no eye sees; joiners only where nothing beside them could need one."""
    found = _INVISIBLE.findall(word)
    joiners = _JOINERS.findall(word)
    if joiners and _INVISIBLE.sub("", _JOINERS.sub("", word)).isascii():
        found += joiners
    return found


def parts_words(text: str, at: int) -> bool:
    """Whether a zero-width space stands at `at` between letters or digits, where a space may have been meant."""
    before, after = text[max(0, at - 1) : at], text[at + 1 : at + 2]
    return text[at] == _ZERO_WIDTH_SPACE and before.isalnum() and after.isalnum()


def reject_unfit(
    tokens: Sequence[str], tags: Sequence[str], places: Sequence[int], shown: Sequence[str]
) -> None:
    """Looks at T tokens and tags of one sentence; `places` are their T lines, `shown` the block's lines.

    Raises:
        BadLine: one is empty, or holds white space or a control character.
    """
    for kind, words in (("token", tokens), ("tag", tags)):
        # One search for the whole sentence: nearly every sentence passes it.
        if all(words) and not _UNFIT.search("".join(words)):
            continue
        for index, word in enumerate(words):
            place = places[index]
            if not word:
                raise BadLine(
                    place,
                    f"empty {kind}",
                    expected=f"a {kind}",
                    remedy=f"write the {kind}, or leave the line out",
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
