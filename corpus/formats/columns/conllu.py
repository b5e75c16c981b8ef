"""CoNLL-U and CoNLL-U Plus: columns separated by tabs, comments, multiword tokens and empty nodes.

Lines of multiword tokens (`1-2`) and of empty nodes (`1.1`) are left out: their words have lines of their
own. The tag is UPOS, in CoNLL-U Plus the last column, unless `tag_column` names another: by number, by name
(`XPOS`), or a key of a column (`misc.NER`: `O` where it is missing; `feats.Number`: `_`).
"""

from __future__ import annotations

import re

import msgspec

from corpus.errors import BadLine
from corpus.formats.columns.comments import record_with_comments
from corpus.formats.header import Header
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import NOTHING, Record
from tagging.tables import OUTSIDE

_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_LEFT_OUT = re.compile(r"\d+[-.]\d+")
_PLUS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")
BEGINS = _PLUS


def with_header(header: Header, options: ReadOptions) -> ReadOptions:
    """Add the columns that a file of CoNLL-U Plus names."""
    match = next((match for match in map(_PLUS.match, header.lines) if match), None)
    return options if match is None else msgspec.structs.replace(options, columns=tuple(match[1].split()))


def names(options: ReadOptions) -> tuple[str, ...]:
    """Return the names of the columns."""
    return options.columns or _COLUMNS


def columns(options: ReadOptions) -> tuple[int, int]:
    """Return the indices of the token column and of the tag column.

    Raises:
        BadLine: the file has no such column.
    """
    found = names(options)
    token, tag = options.token_column or "FORM", options.tag_column
    if tag == -1 and not options.columns:
        tag = "UPOS"
    # A name may have a dot of its own; without one of the names, what follows the last dot is a key.
    if isinstance(tag, str) and tag.upper() not in map(str.upper, found):
        tag = tag.rpartition(".")[0] or tag
    return _index(token, found), _index(tag, found)


def _index(column: int | str, known: tuple[str, ...]) -> int:
    upper = [name.upper() for name in known]
    if isinstance(column, str) and column.upper() in upper:
        return upper.index(column.upper())
    if isinstance(column, int) and -len(known) <= column < len(known):
        return column % len(known)
    raise BadLine(
        0,
        f"token_column or tag_column {column}",
        expected=f"a column from 0 to {len(known) - 1}, or one of {', '.join(known)}",
        remedy="correct the options (a key of a column is named as in misc.NER)",
    )


def key_of(options: ReadOptions) -> str:
    """Return the key of the tag column that holds the tag; empty if the whole column does."""
    tag = options.tag_column
    if not isinstance(tag, str) or tag.upper() in map(str.upper, names(options)):
        return ""
    return tag.rpartition(".")[2]


def is_word(line: str) -> bool:
    """Whether a line is a word, not a comment, a multiword token, an empty node or a faulty line."""
    row = line.split("\t")
    return line[:1] != "#" and len(row) > 1 and row[0].isdecimal()


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one block.

    Raises:
        BadLine: a wrong number of columns, an ID that is not a number, a column that the file does not have,
            an empty form or tag, or white space or a control character in one.
    """
    token_at, tag_at = columns(options)
    key = key_of(options)
    missing = OUTSIDE if tag_at == _COLUMNS.index("MISC") else "_"
    width = len(names(options))
    tokens: list[str] = []
    tags: list[str] = []
    places: list[int] = []
    comments: list[str] = []
    for index, line in enumerate(lines):
        if line[:1] == "#":
            comments.append(line)
            continue
        row = line.split("\t")
        if len(row) != width:
            raise BadLine(
                index,
                f"{len(row)} column{'s' * (len(row) != 1)} separated by a tab",
                expected=f"the {width} of CoNLL-U{' Plus (global.columns)' if options.columns else ''}",
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
        tags.append(_value(row[tag_at], key, missing) if key else row[tag_at])
        places.append(index)
    if not tokens:
        return NOTHING
    require_valid_words(tokens, tags, places, lines, spaced=("token",))
    return record_with_comments(tokens, tags, places, comments)


def _value(cell: str, key: str, missing: str) -> str:
    """Return the value of a key in a cell of `Key=Value|...`, keys in any case."""
    for pair in cell.split("|"):
        name, _, value = pair.partition("=")
        if name.lower() == key.lower():
            return value
    return missing
