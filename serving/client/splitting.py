"""Where a text that is too long for one request is cut: at ends of sentences, as far as there are any.

Pieces touch: each begins where the one before ends, so together they are the text, white space and all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# After a mark that ends a sentence, the quotes and brackets that close with it, and the white space behind. A
# full stop after one or two letters is more often an abbreviation's (`Dr.`, `J.`), and long texts have others.
_SENTENCE_END = re.compile(
    r"""
    (?: [!?…] | (?<!\b\w)(?<!\b\w\w)\. ) [.!?…"'”’»)\]]* \s+
    | [。！？｡．] [。！？｡．”’」』）】》]* \s*
    | \n \s*
    """,
    re.VERBOSE,
)
_WHITE_SPACE = re.compile(r"\s+")
_LAST_TOKENS = frozenset((".", "!", "?", "…", "...", "。", "！", "？", "｡", "．"))
_CLOSING_TOKENS = frozenset(("”", "’", '"', "''", "»", ")", "]", "」", "』", "）", "】", "》"))


def text_pieces(text: str, most: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` of each piece of `text`, in characters.

    A piece ends after the last sentence that ends within `most` characters; where none does, after the last
    white space; where there is none, after `most` characters. A text within the limit is one piece.

    Args:
      text: any text; an empty one is one empty piece.
      most: the longest piece, at least 1.
    """
    start = 0
    while len(text) - start > most:
        limit = start + most
        # Only what follows shows that a full stop before the limit ends a sentence, or that white space does.
        end = (
            _last_end(_SENTENCE_END, text, start, limit)
            or _last_end(_WHITE_SPACE, text, start, limit)
            or limit
        )
        yield start, end
        start = end
    yield start, len(text)


def token_pieces(tokens: Sequence[str], most: int) -> Iterator[tuple[int, int]]:
    """The same for a sentence given as tokens, in tokens.

    A piece ends after the last token within `most` that ends a sentence, with the quotes and brackets that
    close behind it; where there is none, after `most`.
    """
    start = 0
    while len(tokens) - start > most:
        limit = start + most
        end = limit
        while end > start and not _ends_sentence(tokens, start, end):
            end -= 1
        if end == start:
            end = limit
        yield start, end
        start = end
    yield start, len(tokens)


def _last_end(pattern: re.Pattern[str], text: str, start: int, limit: int) -> int | None:
    end = None
    for match in pattern.finditer(text, start, limit):
        end = match.end()
    return end


def _ends_sentence(tokens: Sequence[str], start: int, end: int) -> bool:
    if end < len(tokens) and tokens[end] in _CLOSING_TOKENS:
        return False
    last = end - 1
    while last > start and tokens[last] in _CLOSING_TOKENS:
        last -= 1
    return tokens[last] in _LAST_TOKENS
