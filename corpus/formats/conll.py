"""CoNLL: one token a line, columns, a blank line after every sentence.

A comment is a line that begins with `#`, has no token line before it in its block, and cannot be a token
line:

- it has no tab, the columns are separated by tabs (by the options, or because a line of the block has one),
  and `#` is followed by white space, by nothing, or by `key = value`; or
- it is `# key = value`, with white space before the equals sign; or
- `#` is followed by white space or nothing, and it has another number of columns than the block's last line
  (if every line of the block begins with `#`: another number than two).

So `#tag<TAB>O` is a token, `# O` in a file separated by spaces is the token `#`, and a lone `#tag` that has
lost its column is an error as for any other token. Comments are valid for their own block only: `domain` (or
`genre`) and `text` are read from `# key = value`.
"""

from __future__ import annotations

import re
from collections import Counter

from corpus.errors import BadLine
from corpus.formats.comments import record_with_comments
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import NOTHING, Record

_DOCUMENT = "-DOCSTART-"
_SPACED_KEY_VALUE = re.compile(r"#\s*[\w:.-]+\s+=(\s.*)?")
_KEY_VALUE = re.compile(r"#\s*[\w:.-]+\s*=.*")


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one block.

    Raises:
        BadLine: a wrong number of columns, an empty token or tag, or white space or a control character in
            one.
    """
    first = first_row(lines, options)
    if first == len(lines):
        return NOTHING
    rows = [_columns(line, options.separator) for line in lines[first:]]
    width = len(rows[0])
    token_at, tag_at = columns(options)
    for row in rows:
        if len(row) != width:
            raise _wrong_width(lines, rows, first, options)
    if width < _least_columns(token_at, tag_at):
        raise _too_few(lines, rows, first, options)
    tokens = [row[token_at] for row in rows]
    tags = [row[tag_at] for row in rows]
    places = range(first, first + len(rows))
    require_valid_words(tokens, tags, places, lines)
    return record_with_comments(tokens, tags, places, lines[:first])


def columns(options: ReadOptions) -> tuple[int, int]:
    """Return the indices of the token column and of the tag column.

    Raises:
        BadLine: one of them has a name, which columns of CoNLL have not.
    """
    token_at, tag_at = options.token_column, options.tag_column
    if isinstance(token_at, int) and isinstance(tag_at, int):
        return token_at, tag_at
    raise BadLine(
        0,
        f"token_column {token_at}, tag_column {tag_at}",
        expected="numbers: columns of CoNLL have no names",
        remedy="count them from 0, or from the end with -1",
    )


def first_row(lines: list[str], options: ReadOptions) -> int:
    """Find the index of the first token line of a block, after comments and `-DOCSTART-`."""
    first = 0
    if lines[0][:1] == "#":
        first = _count_comments(lines, options.separator)
    if first < len(lines) and lines[first].startswith(_DOCUMENT):
        first += 1
    return first


def column_places(line: str, separator: str | None) -> list[tuple[int, int]]:
    """Find the (start, end) of every column of a token line in characters, the end exclusive."""
    if separator is None and "\t" in line:
        separator = "\t"
    if separator is None or not separator.strip(" "):
        return [match.span() for match in re.finditer(r"\S+", line)]
    places, begin = [], 0
    for column in line.split(separator):
        places.append((begin, begin + len(column)))
        begin += len(column) + len(separator)
    return places


def _columns(line: str, separator: str | None) -> list[str]:
    if separator is not None:
        # A separator of spaces means any run of them: columns are often aligned.
        return line.split(separator) if separator.strip(" ") else line.split()
    return line.split("\t") if "\t" in line else line.split()


def _least_columns(*positions: int) -> int:
    # With a single column, columns 0 and -1 would read a token as its own tag.
    return max(2, *(position + 1 if position >= 0 else -position for position in positions))


def _count_comments(lines: list[str], separator: str | None) -> int:
    """Count the comment lines at the beginning of a block."""
    tabbed = separator == "\t" or (separator is None and any("\t" in line for line in lines))
    width = 2 if all(line[:1] == "#" for line in lines) else len(_columns(lines[-1], separator))
    for index, line in enumerate(lines):
        if line[:1] != "#" or "\t" in line:
            return index
        spaced = line[1:2].isspace() or line.rstrip() == "#"
        if tabbed:
            comment = spaced or _KEY_VALUE.fullmatch(line) is not None
        else:
            comment = _SPACED_KEY_VALUE.fullmatch(line) is not None or (
                spaced and len(_columns(line, separator)) != width
            )
        if not comment:
            return index
    return len(lines)


def _separator_name(options: ReadOptions, line: str) -> str:
    if options.separator is not None:
        return "a tab" if options.separator == "\t" else repr(options.separator)
    return "a tab" if "\t" in line else "white space"


def _wrong_width(lines: list[str], rows: list[list[str]], first: int, options: ReadOptions) -> BadLine:
    # The most frequent width of the sentence counts as the right one; of two equally frequent ones the wider,
    # which is less likely to lack a column.
    counts = Counter(len(row) for row in rows)
    usual = max(counts, key=lambda width: (counts[width], width))
    wrong = next(index for index, row in enumerate(rows) if len(row) != usual)
    remedy = "give every token line of the sentence the same columns"
    if lines[first + wrong].startswith("#"):
        remedy += "; comments stand before the first token of their sentence"
    return BadLine(
        first + wrong,
        f"{len(rows[wrong])} column{'s' * (len(rows[wrong]) != 1)} separated by "
        f"{_separator_name(options, lines[first + wrong])}",
        expected=f"{usual} as in the sentence's other lines",
        remedy=remedy,
        shown=lines[first + wrong],
        code="D108",
    )


def _too_few(lines: list[str], rows: list[list[str]], first: int, options: ReadOptions) -> BadLine:
    width = len(rows[0])
    return BadLine(
        first,
        f"{width} column{'s' * (width != 1)} separated by {_separator_name(options, lines[first])}",
        expected=f"at least {_least_columns(*columns(options))} "
        f"(token_column {options.token_column}, tag_column {options.tag_column})",
        remedy="add the missing column, or set separator, token_column and tag_column to what the file has",
        shown=lines[first],
        code="D108",
    )
