"""CoNLL: a token a line, columns, a blank line after every sentence.

What is a comment: a line that begins with `#`, with no token line before it in its block, and that cannot
be a token line. That is so when

- it has no tab, and the columns are parted by tabs (options say so, or a line of the block has one), and `#`
  is followed by white space, by nothing, or by `key = value`; or
- it reads `# key = value`, with white space around the equals sign; or
- `#` is followed by white space or nothing and it has another number of columns than the block's last line.
  In a block of which every line begins with `#`: another number than two.

So `#tag<TAB>O` is a token, `# O` in a file parted by spaces is the token `#`, and a lone `#tag` that has lost
its column is refused like any other token would be. Comments speak for their own block only: `domain` (or
`genre`) and `text` are taken from `# key = value`.
"""

from __future__ import annotations

import re
from collections import Counter

from corpus.errors import BadLine
from corpus.formats.comments import domain_of, offsets_in, values_of
from corpus.formats.words import reject_unfit
from corpus.options import ReadOptions
from corpus.record import NOTHING, Record
from corpus.sentence import Sentence

_DOCUMENT = "-DOCSTART-"
_SAYS = re.compile(r"#\s*[\w:.-]+\s+=(\s.*)?")
_SAYS_TIGHTLY = re.compile(r"#\s*[\w:.-]+\s*=.*")


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Reads one block.

    Raises:
        BadLine: a wrong number of columns, an empty token or tag, or white space or a control character in
            one.
    """
    first = first_row(lines, options)
    if first == len(lines):
        return NOTHING
    rows = [_columns(line, options.separator) for line in lines[first:]]
    width = len(rows[0])
    token_at, tag_at = options.token_column, options.tag_column
    for row in rows:
        if len(row) != width:
            raise _wrong_width(lines, rows, first, options)
    if width < _least_columns(token_at, tag_at):
        raise _too_few(lines, rows, first, options)
    tokens = [row[token_at] for row in rows]
    tags = [row[tag_at] for row in rows]
    places = range(first, first + len(rows))
    reject_unfit(tokens, tags, places, lines)
    if not first:
        return Record(Sentence(tuple(tokens), tuple(tags)), places)
    values = values_of(lines[:first])
    text = values.get("text") or None
    starts, ends = offsets_in(text, tokens) if text else (None, None)
    return Record(Sentence(tuple(tokens), tuple(tags), text, starts, ends, domain_of(values)), places)


def first_row(lines: list[str], options: ReadOptions) -> int:
    """How many lines of a block are comments or begin a document: the rest are tokens."""
    first = 0
    if lines[0][:1] == "#":
        first = _comments(lines, options.separator)
    if first < len(lines) and lines[first].startswith(_DOCUMENT):
        first += 1
    return first


def column_places(line: str, separator: str | None) -> list[tuple[int, int]]:
    """Where every column of a token line begins and ends, the end exclusive."""
    if separator is None and "\t" in line:
        separator = "\t"
    if separator is None or not separator.strip(" "):
        return [found.span() for found in re.finditer(r"\S+", line)]
    places, begin = [], 0
    for column in line.split(separator):
        places.append((begin, begin + len(column)))
        begin += len(column) + len(separator)
    return places


def _columns(line: str, separator: str | None) -> list[str]:
    if separator is not None:
        # A separator of blanks means any run of them: columns are often lined up.
        return line.split(separator) if separator.strip(" ") else line.split()
    return line.split("\t") if "\t" in line else line.split()


def _least_columns(*positions: int) -> int:
    # Both columns from the two ends of a single one would read a token as its own tag.
    return max(2, *(position + 1 if position >= 0 else -position for position in positions))


def _comments(lines: list[str], separator: str | None) -> int:
    """How many lines from the first on are comments."""
    tabbed = separator == "\t" or (separator is None and any("\t" in line for line in lines))
    width = 2 if all(line[:1] == "#" for line in lines) else len(_columns(lines[-1], separator))
    for index, line in enumerate(lines):
        if line[:1] != "#" or "\t" in line:
            return index
        spaced = line[1:2].isspace() or line.rstrip() == "#"
        if tabbed:
            comment = spaced or _SAYS_TIGHTLY.fullmatch(line) is not None
        else:
            comment = _SAYS.fullmatch(line) is not None or (
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
    # The sentence's usual width is taken for the right one; where two are equally usual, the file's habit
    # cannot be seen from here, and the wider is likelier to be whole.
    counts = Counter(len(row) for row in rows)
    usual = max(counts, key=lambda width: (counts[width], width))
    wrong = next(index for index, row in enumerate(rows) if len(row) != usual)
    remedy = "give every token line of the sentence the same columns"
    if lines[first + wrong].startswith("#"):
        remedy += "; comments stand before the first token of their sentence"
    return BadLine(
        first + wrong,
        f"{len(rows[wrong])} column{'s' * (len(rows[wrong]) != 1)} parted by "
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
        f"{width} column{'s' * (width != 1)} parted by {_separator_name(options, lines[first])}",
        expected=f"at least {_least_columns(options.token_column, options.tag_column)} "
        f"(token_column {options.token_column}, tag_column {options.tag_column})",
        remedy="add the missing column, or set separator, token_column and tag_column to what the file has",
        shown=lines[first],
        code="D108",
    )
