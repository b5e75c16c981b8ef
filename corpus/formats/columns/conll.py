"""CoNLL: one token a line, columns, a blank line or a `-DOCSTART-` line after every sentence.

A line that begins with `#` is a comment, before the first token of its block or after the last, if it cannot
be a token line:

- it consists of `#` alone, is `#begin document ...` or `#end document`, or is `# key = value` with white space
  before the equals sign; or
- the columns are separated by tabs, and it has no tab, or begins with `#` and a space; but a single word such
  as `#tag` without a tab is a token that has lost its tag; or
- `#` is followed by white space, and it has another number of columns than the token lines of the block.

So `#tag<TAB>O` and `#<TAB>O` are tokens, and `# O` in a file separated by spaces is the token `#`. Comments
are valid for their own block only: `domain` (or `genre`) and `text` are read from `# key = value`.

Columns are separated by tabs if all token lines at the beginning of the file have one, else line by line: by
tabs if the line has one, or by spaces. A token between tabs may have spaces inside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import msgspec

from corpus.errors import BadLine
from corpus.formats.columns.comments import record_with_comments
from corpus.formats.header import Header
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.raw_records import is_break
from corpus.record import NOTHING, Record

_COMMENT = re.compile(r"#+|#\s*(?:begin|end) document\b.*|#\s*[\w:.-]+\s+=(?:\s.*)?")
_KEY_VALUE = re.compile(r"#\s*[\w:.-]+\s*=.*")
# White space that is part of no token; a no-break space is.
_COLUMN = re.compile(r"[^ \t\x0b\x0c]+")


def with_header(header: Header, options: ReadOptions) -> ReadOptions:
    """Separate columns by tabs if all token lines at the beginning of the file have one."""
    lines = [line for line in header.lines if line.strip() and line[0] != "#"]
    lines = [line for line in lines if not is_break(line.encode("utf-8", "replace"))]
    tabbed = bool(lines) and all("\t" in line for line in lines)
    return (
        msgspec.structs.replace(options, separator="\t") if tabbed and options.separator is None else options
    )


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one block.

    Raises:
        BadLine: a wrong number of columns, an empty token or tag, or white space or a control character in
            one.
    """
    first, last = token_lines(lines, options)
    if first == last:
        return NOTHING
    rows = [_columns(line, options.separator) for line in lines[first:last]]
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
    require_valid_words(tokens, tags, places, lines, spaced=("token",))
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


def token_lines(lines: list[str], options: ReadOptions) -> tuple[int, int]:
    """Find the token lines of a block: the first, and the one after the last, without comments around them."""
    first, last = 0, len(lines)
    if lines[0][:1] != "#" and lines[-1][:1] != "#":
        return first, last
    is_comment = _comment_test(lines, options.separator)
    while first < last and is_comment(lines[first]):
        first += 1
    while last > first and is_comment(lines[last - 1]):
        last -= 1
    return first, last


def column_places(line: str, separator: str | None) -> list[tuple[int, int]]:
    """Find the (start, end) of every column of a token line in characters, the end exclusive."""
    if separator is None and "\t" in line:
        separator = "\t"
    if separator is None or not separator.strip(" "):
        return [match.span() for match in _COLUMN.finditer(line)]
    places, begin = [], 0
    for column in line.split(separator):
        places.append((begin, begin + len(column)))
        begin += len(column) + len(separator)
    return places


def _columns(line: str, separator: str | None) -> list[str]:
    if separator is None:
        separator = "\t" if "\t" in line else " "
    if separator.strip(" "):
        return line.split(separator)
    # A separator of spaces means any run of them: columns are often aligned.
    return line.split() if line.isascii() else _COLUMN.findall(line)


def _least_columns(*positions: int) -> int:
    # With a single column, columns 0 and -1 would read a token as its own tag.
    return max(2, *(position + 1 if position >= 0 else -position for position in positions))


def _comment_test(lines: list[str], separator: str | None) -> Callable[[str], bool]:
    """Return the function that tells the comments of a block from its token lines."""
    others = [line for line in lines if line[:1] != "#"]
    tabbed = separator == "\t" or (separator is None and any("\t" in line for line in others or lines))
    # Of a block in which every line begins with `#`, two columns are taken for a token and its tag.
    width = len(_columns(others[-1], separator)) if others else 2

    def is_comment(line: str) -> bool:
        if line[:1] != "#":
            return False
        if _COMMENT.fullmatch(line.rstrip()):
            return True
        words = line.split()
        if tabbed:
            if "\t" not in line:
                return len(words) > 1 or _KEY_VALUE.fullmatch(line) is not None
            columns = _columns(line, separator)
            return line[1:2].isspace() and (len(columns[0]) > 1 or len(columns) != width)
        return line[1:2].isspace() and (len(words) != width or "\t" in line)

    return is_comment


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
