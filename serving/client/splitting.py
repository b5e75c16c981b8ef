"""Cut a text that is too long for one request at ends of sentences, where it has any.

Each piece begins where the one before ends, so together they are the text, white space included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# A mark that ends a sentence, the quotes and brackets that close with it, and the white space after them. A
# full stop after one or two letters is usually an abbreviation (`Dr.`, `J.`), and long texts have other ends.
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
    """Yield `[start, end)` of each piece of `text`, in characters.

    A piece ends after the last sentence that ends within `most` characters; otherwise after the last white
    space; otherwise after `most` characters. A text within the limit is one piece.

    Args:
      text: any text; an empty one is one empty piece.
      most: length of the longest piece, at least 1.
    """
    start = 0
    while len(text) - start > most:
        limit = start + most
        # The white space that shows that a full stop ends a sentence must lie within the limit too.
        end = (
            _last_end(_SENTENCE_END, text, start, limit)
            or _last_end(_WHITE_SPACE, text, start, limit)
            or limit
        )
        yield start, end
        start = end
    yield start, len(text)


def token_pieces(tokens: Sequence[str], most: int) -> Iterator[tuple[int, int]]:
    """Yield `[start, end)` of each piece of a sentence of tokens, in tokens.

    A piece ends after the last token within `most` that ends a sentence, with the quotes and brackets that
    close after it; otherwise after `most` tokens.
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
