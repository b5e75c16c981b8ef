"""CoNLL-U: ten columns separated by tabs, comments, multiword tokens and empty nodes.

Lines of multiword tokens (`1-2`) and of empty nodes (`1.1`) are left out: their words have lines of their
own. The tag is UPOS unless `tag_column` names another column.
"""

from __future__ import annotations

import re

from corpus.errors import BadLine
from corpus.formats.comments import record_with_comments
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import NOTHING, Record

_WIDTH = 10
_FORM, _UPOS = 1, 3
_LEFT_OUT = re.compile(r"\d+[-.]\d+")


def columns(options: ReadOptions) -> tuple[int, int]:
    """Return the indices of the token column and of the tag column."""
    return options.token_column or _FORM, _UPOS if options.tag_column == -1 else options.tag_column


def is_word(line: str) -> bool:
    """Whether a line is a word, not a comment, a multiword token, an empty node or a faulty line."""
    row = line.split("\t")
    return line[:1] != "#" and len(row) == _WIDTH and row[0].isdecimal()


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one block.

    Raises:
        BadLine: not ten columns, an ID that is not a number, a column that the format does not have, an empty
            form or tag, or white space or a control character in one.
    """
    token_at, tag_at = columns(options)
    if not (-_WIDTH <= token_at < _WIDTH and -_WIDTH <= tag_at < _WIDTH):
        raise BadLine(
            0,
            f"token_column {options.token_column} and tag_column {options.tag_column}",
            expected="columns 0 to 9 of CoNLL-U",
            remedy="correct the options",
        )
    tokens: list[str] = []
    tags: list[str] = []
    places: list[int] = []
    comments: list[str] = []
    for index, line in enumerate(lines):
        if line[:1] == "#":
            comments.append(line)
            continue
        row = line.split("\t")
        if len(row) != _WIDTH:
            raise BadLine(
                index,
                f"{len(row)} column{'s' * (len(row) != 1)} separated by a tab",
                expected="the 10 of CoNLL-U",
                remedy='complete the line, or read the file with format "conll"',
                shown=line,
                code="D108",
            )
        if not row[0].isdecimal():
            if _LEFT_OUT.fullmatch(row[0]):
                continue
            raise BadLine(
                index,
                f"ID {row[0]!r}",
                expected="a number, a range (1-2) or an empty node (1.1)",
                remedy="correct the first column",
                shown=line,
            )
        tokens.append(row[token_at])
        tags.append(row[tag_at])
        places.append(index)
    if not tokens:
        return NOTHING
    require_valid_words(tokens, tags, places, lines)
    return record_with_comments(tokens, tags, places, comments)
