"""Mending a block of lines: CoNLL and CoNLL-U. Comments and other columns stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from typing import NamedTuple

from corpus.convert import parsed
from corpus.errors import BadLine
from corpus.formats import conll, conllu
from corpus.formats.comments import values_of
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.repair.words import cleaned, dropped_from, may_need_cleaning
from tagging.schemes import Scheme

# Of every line that is a token: where its columns begin and end.
Rows = dict[int, list[tuple[int, int]]]


class _Shape(NamedTuple):
    """What there is to know of a block's format."""

    rows: Callable[[list[str]], Rows]
    parse: Callable[[list[str]], Record]
    columns: tuple[int, int]
    separator: str | None


def mended_conll(
    lines: list[str], options: ReadOptions, scheme: Scheme, wanted: Set[str], done: Counter[str]
) -> list[str]:
    """The lines of a CoNLL block with clean tokens and tags, and with legal tags.

    Args:
        lines: the block, without line ends.
        options: how it is read.
        scheme: what its tags are written in.
        wanted: codes of what is to be mended.
        done: counts what was mended, by code.
    """

    def rows(block: list[str]) -> Rows:
        first = conll.first_row(block, options)
        return {
            index: conll.column_places(block[index], options.separator) for index in range(first, len(block))
        }

    columns = options.token_column, options.tag_column
    shape = _Shape(rows, lambda block: conll.parse(block, options), columns, options.separator)
    return _mended(lines, shape, scheme, wanted, done)


def mended_conllu(
    lines: list[str], options: ReadOptions, scheme: Scheme, wanted: Set[str], done: Counter[str]
) -> list[str]:
    """The same for a CoNLL-U block."""

    def rows(block: list[str]) -> Rows:
        return {
            index: conll.column_places(line, "\t") for index, line in enumerate(block) if conllu.is_word(line)
        }

    shape = _Shape(rows, lambda block: conllu.parse(block, options), conllu.columns(options), "\t")
    return _mended(lines, shape, scheme, wanted, done)


def _mended(
    lines: list[str], shape: _Shape, scheme: Scheme, wanted: Set[str], done: Counter[str]
) -> list[str]:
    cleaner = Counter[str]()
    rows = shape.rows(lines)
    new = list(lines)
    wide = shape.separator is not None or any("\t" in line for line in lines)
    suspect = may_need_cleaning((lines[index] for index in rows), blanks=wide)
    for index, places in rows.items() if suspect else ():
        columns = {column % len(places) for column in shape.columns if -len(places) <= column < len(places)}
        # From the right: what stands to the left keeps its place.
        for start, end in sorted((places[column] for column in columns), reverse=True):
            word = cleaned(new[index][start:end], wanted, cleaner)
            new[index] = new[index][:start] + word + new[index][end:]
    if new != lines:
        widths = {index: len(places) for index, places in shape.rows(new).items()}
        if widths != {index: len(places) for index, places in rows.items()}:
            # A line would no longer be read as the token it was: somebody must look at it.
            return list(lines)
        done.update(cleaner)
        new = [line if index in rows else _text_line(line, wanted) for index, line in enumerate(new)]
    if "D201" in wanted:
        _repair(new, shape, scheme, done)
    return new


def _text_line(line: str, wanted: Set[str]) -> str:
    """A `# text = ...` comment without what was taken off its tokens, which would else not be found in it."""
    text = values_of([line]).get("text") if line[:1] == "#" else None
    if not text:
        return line
    dropped = dropped_from(text, wanted)
    kept = "".join(character for at, character in enumerate(text) if at not in dropped)
    at = line.rindex(text)
    return line[:at] + kept + line[at + len(text) :]


def _repair(lines: list[str], shape: _Shape, scheme: Scheme, done: Counter[str]) -> None:
    """Writes illegal tags as they are read."""
    try:
        record = shape.parse(lines)
        repairs = parsed(record, scheme).repairs if record.sentence is not None else []
    except BadLine:
        return
    if not repairs:
        return
    rows = shape.rows(lines)
    for repair in repairs:
        index = record.lines[repair.index]
        start, end = rows[index][shape.columns[1]]
        lines[index] = lines[index][:start] + repair.became + lines[index][end:]
        done["D201"] += 1
