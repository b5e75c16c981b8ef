"""What a token and a tag may hold, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.errors import BadLine

# White space and control characters: they would vanish or move a column when the token is written out again.
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


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
                )
            match = _UNFIT.search(word)
            if match:
                what = "white space" if match[0].isspace() else "a control character"
                raise BadLine(
                    place,
                    f"{what} (U+{ord(match[0]):04X}) in the {kind} {word!r}",
                    expected=f"a {kind} without white space and control characters",
                    remedy="check the separator, or replace the character, for example by _",
                    shown=shown[place],
                )
