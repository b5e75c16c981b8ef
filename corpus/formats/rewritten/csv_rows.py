"""CSV with a header: a token a row, with the number of its sentence, as the corpora on Kaggle have it.

    Sentence #,Word,POS,Tag
    Sentence: 1,Ann,NNP,B-PER
    ,sings,VBZ,O
    Sentence: 2,",",",",O

The number stands in every row or in the first of a sentence; without such a column a blank row ends a sentence. The
columns are found by their names, or `token_column` and `tag_column` give a name or a number. Cells are separated by
commas, semicolons, tabs or bars, whichever the header has.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from corpus.errors import BadLine, CorpusError
from corpus.formats.labels import label_notes
from corpus.formats.rewritten.rewriting import Beside, at_lines, decoded, encoded
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.sentence import Sentence

_DELIMITERS = ",;\t|"
# Names without anything but letters and digits, from the likeliest on.
_SENTENCES = (
    *(
        "sentence",
        "sentenceid",
        "sentenceidx",
        "sentencenumber",
        "sentenceno",
        "sentencenr",
        "sentid",
        "sentno",
    ),
    *("sentnum", "sent", "sentenceindex", "sid"),
)
_TOKENS = ("word", "token", "form", "words", "tokens", "text")
_TAGS = (
    *(
        "ner",
        "nertag",
        "nertags",
        "tag",
        "tags",
        "label",
        "labels",
        "entity",
        "iob",
        "bio",
        "biotag",
        "iobtag",
    ),
    *("netag", "pos", "upos", "postag"),
)
# No sentence has so many tokens: the rows are not parted into sentences.
_MOST_ROWS = 10_000


class _Row(msgspec.Struct):
    """A sentence as the file is rewritten: T tokens, T tags and the T lines of the file that they stand on."""

    tokens: list[str]
    tags: list[str]
    lines: list[int]


_DECODER = msgspec.json.Decoder(_Row)


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse a rewritten line.

    Raises:
        BadLine: an empty token or tag, or white space or a control character in one.
    """
    row = _DECODER.decode(lines[0])
    places = tuple(line - row.lines[0] for line in row.lines)
    shown = [""] * (places[-1] + 1)
    for place, token, tag in zip(places, row.tokens, row.tags, strict=True):
        shown[place] = f"{token},{tag}"
    require_valid_words(row.tokens, row.tags, places, shown, spaced=("token", "tag"))
    notes = label_notes(tag for tag in row.tags if " " in tag)
    return Record(Sentence(tuple(row.tokens), tuple(row.tags)), places, notes)


def unpack(path: str, lines: Iterable[bytes], beside: Beside, options: ReadOptions) -> Iterator[bytes]:
    """Rewrite a file as a sentence a line, on the line of its first token.

    Raises:
        CorpusError: not UTF-8, no column of tokens or tags, a row without them, or an open quote.
    """
    return at_lines(
        (row.lines[0], encoded(msgspec.to_builtins(row))) for row in _sentences(path, lines, options)
    )


class _Columns(NamedTuple):
    """The indices of the columns, and whether the first row names them."""

    sentence: int | None
    token: int
    tag: int
    header: bool


def _sentences(path: str, lines: Iterable[bytes], options: ReadOptions) -> Iterator[_Row]:
    columns: _Columns | None = None
    row = _Row([], [], [])
    current = ""
    for line, cells in _rows(path, lines, options):
        if columns is None:
            if not any(cells):
                continue
            columns = _columns(path, line, cells, options)
            if columns.header:
                continue
        if not any(cells):
            if row.lines:
                yield row
            row, current = _Row([], [], []), ""
            continue
        if len(cells) <= max(columns.token, columns.tag):
            raise CorpusError(
                f"{len(cells)} cell{'s' * (len(cells) != 1)}",
                path=path,
                line=line,
                expected=f"a token in cell {columns.token} and a tag in cell {columns.tag}, counted from 0",
                remedy="complete the row (a cell with the separator in it needs quotes)",
                shown=",".join(cells),
                code="D108",
            )
        number = "" if columns.sentence is None else cells[columns.sentence]
        if number and number != current:
            if row.lines:
                yield row
            row, current = _Row([], [], []), number
        row.tokens.append(cells[columns.token])
        row.tags.append(cells[columns.tag])
        row.lines.append(line)
        if len(row.lines) > _MOST_ROWS:
            raise CorpusError(
                f"more than {_MOST_ROWS} rows of one sentence",
                path=path,
                line=row.lines[0],
                expected="a column with the number of the sentence (such as `Sentence #`), or blank rows",
                remedy="name that column in the header",
                code="D114",
            )
    if row.lines:
        yield row


def _rows(path: str, lines: Iterable[bytes], options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """Yield (1-based line on which it begins, stripped cells) of every row."""
    texts = decoded(path, lines)
    header = next(texts, "")
    reader = csv.reader(_with(header, texts), delimiter=_delimiter(path, header, options))
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any("\n" in cell for cell in stripped):
                raise _open_quote(path, line, stripped)
            yield line, stripped
            line = reader.line_num + 1
    except csv.Error as error:
        if "NUL" not in str(error):
            # Of a field too large, which no cell is.
            raise _open_quote(path, line, []) from None
        raise CorpusError(
            "a zero byte",
            path=path,
            line=line,
            expected="text",
            remedy="remove the byte, or copy the file again",
            code="D112",
        ) from None


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _open_quote(path: str, line: int, cells: list[str]) -> CorpusError:
    return CorpusError(
        "a quote that does not end in its row",
        path=path,
        line=line,
        expected='cells of one line; a quote as a token is written """"',
        remedy="double the quote, and put quotes around the cell",
        shown=",".join(cells).replace("\n", "\\n"),
    )


def _delimiter(path: str, header: str, options: ReadOptions) -> str:
    if options.separator is None:
        return max(_DELIMITERS, key=header.count)
    if len(options.separator) != 1:
        raise CorpusError(
            f"separator {options.separator!r}",
            path=path,
            expected="one character",
            remedy="correct corpus.separator, or leave it out",
        )
    return options.separator


def _columns(path: str, line: int, cells: list[str], options: ReadOptions) -> _Columns:
    plain = [re.sub(r"[\W_]", "", cell.lower()) for cell in cells]
    named = any(name in plain for name in (*_TOKENS, *_TAGS, *_SENTENCES))
    sentence = _first(_SENTENCES, plain)
    try:
        token = _index(options.token_column, 0, _TOKENS, cells, plain)
        tag = _index(options.tag_column, -1, _TAGS, cells, plain)
    except BadLine as error:
        raise error.located(path, line) from None
    header = named or isinstance(options.token_column, str) or isinstance(options.tag_column, str)
    return _Columns(sentence if sentence not in (token, tag) else None, token, tag, header)


def _index(option: int | str, unset: int, names: tuple[str, ...], cells: list[str], plain: list[str]) -> int:
    """Return the index of a column: the one that the option names, else the first with one of the usual names."""
    found: int | None = None
    if isinstance(option, str):
        lower = [cell.lower() for cell in cells]
        found = lower.index(option.lower()) if option.lower() in lower else None
    elif option != unset:
        found = option % len(cells) if -len(cells) <= option < len(cells) else None
    else:
        found = _first(names, plain)
    if found is not None:
        return found
    which = "token" if names is _TOKENS else "tag"
    raise BadLine(
        0,
        f"no column of {which}s (the columns are {', '.join(cells)[:200]})",
        expected=f"a header that names it {', '.join(names[:4])}",
        remedy=f"name it: corpus.{which}_column, by its name or its number from 0 on",
        code="D108",
    )


def _first(names: Iterable[str], plain: list[str]) -> int | None:
    return next((plain.index(name) for name in names if name in plain), None)
