"""Repair a block of CoNLL or CoNLL-U. Other columns stay as they are, and so do comments but for `# text`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from typing import NamedTuple

from corpus.errors import BadLine
from corpus.formats.columns import conll, conllu
from corpus.formats.columns.comments import comment_values
from corpus.reading.training_tags import parse_tags
from corpus.record import Record
from corpus.repair.cleaning import characters_to_drop, clean, may_need_cleaning, without
from corpus.repair.repairs import Repairs

# The (start, end) of the columns of every token line, by its index.
Rows = dict[int, list[tuple[int, int]]]


class _Layout(NamedTuple):
    """How the columns of a block's format are laid out."""

    rows: Callable[[list[str]], Rows]
    parse: Callable[[list[str]], Record]
    columns: tuple[int, int]
    separator: str | None


def repair_conll(lines: list[str], repairs: Repairs) -> list[str]:
    """Clean the tokens and tags of a CoNLL block (lines without ends), and make its tags legal."""
    options = repairs.options

    def rows(block: list[str]) -> Rows:
        return {
            index: conll.column_places(block[index], options.separator)
            for index in range(*conll.token_lines(block, options))
        }

    try:
        columns = conll.columns(options)
    except BadLine:
        return lines
    layout = _Layout(rows, lambda block: conll.parse(block, options), columns, options.separator)
    return _repaired(lines, layout, repairs)


def repair_conllu(lines: list[str], repairs: Repairs) -> list[str]:
    """Repair a CoNLL-U block, as `repair_conll`."""
    options = repairs.options

    def rows(block: list[str]) -> Rows:
        return {
            index: conll.column_places(line, "\t") for index, line in enumerate(block) if conllu.is_word(line)
        }

    try:
        columns = conllu.columns(options)
    except BadLine:
        return lines
    layout = _Layout(rows, lambda block: conllu.parse(block, options), columns, "\t")
    return _repaired(lines, layout, repairs)


def _repaired(lines: list[str], layout: _Layout, repairs: Repairs) -> list[str]:
    cleaned = Counter[str]()
    rows = layout.rows(lines)
    new = list(lines)
    spaced = layout.separator is not None or any("\t" in line for line in lines)
    suspect = may_need_cleaning((lines[index] for index in rows), blanks=spaced)
    for index, places in rows.items() if suspect else ():
        columns = {column % len(places) for column in layout.columns if -len(places) <= column < len(places)}
        # From the right, so that the places to the left stay valid.
        for start, end in sorted((places[column] for column in columns), reverse=True):
            word = clean(new[index][start:end], repairs.codes, cleaned)
            new[index] = new[index][:start] + word + new[index][end:]
    if new != lines:
        widths = {index: len(places) for index, places in layout.rows(new).items()}
        if widths != {index: len(places) for index, places in rows.items()}:
            # A line would no longer be read as the same token: a person must decide.
            return list(lines)
        repairs.counts.update(cleaned)
        new = [
            line if index in rows else _clean_comment(line, repairs.codes) for index, line in enumerate(new)
        ]
    if "D201" in repairs.codes:
        _repair_tags(new, layout, repairs)
    return new


def _clean_comment(line: str, codes: Set[str]) -> str:
    """Clean a `# text = ...` comment like its tokens, so that they are still found in it."""
    text = comment_values([line]).get("text") if line[:1] == "#" else None
    if not text:
        return line
    at = line.rindex(text)
    return line[:at] + without(text, characters_to_drop(text, codes)) + line[at + len(text) :]


def _repair_tags(lines: list[str], layout: _Layout, repairs: Repairs) -> None:
    """Replace illegal tags by those they are parsed as, in place."""
    try:
        record = layout.parse(lines)
        illegal = parse_tags(record, repairs.notation).repairs if record.sentence is not None else []
    except BadLine:
        return
    if not illegal:
        return
    rows = layout.rows(lines)
    for repair in illegal:
        index = record.lines[repair.index]
        start, end = rows[index][layout.columns[1]]
        lines[index] = lines[index][:start] + repair.became + lines[index][end:]
        repairs.counts["D201"] += 1
