"""The first lines of a file of columns, cut into these; more is not needed to see what the columns hold."""

from __future__ import annotations

from pathlib import Path

from corpus.formats.columns import conll
from corpus.formats.header import Header
from corpus.options import ReadOptions
from corpus.raw_records import is_break, without_bom
from corpus.reading.files import head_of, reader_for

# The token lines of sentences, in columns; lines with a fault may have more or fewer than others.
Blocks = list[list[list[str]]]


def blocks_of(path: Path, options: ReadOptions) -> Blocks:
    """Cut the first lines of a file into columns, block by block; nothing of another format."""
    reader = reader_for(path, options)
    if reader.format != "conll":
        return []
    blocks: Blocks = []
    held: list[str] = []
    for line in (*Header.of(without_bom(head_of(path))).lines, ""):
        if is_break(line.encode("utf-8", "replace")):
            if held:
                first, last = conll.token_lines(held, reader.options)
                rows = [
                    [line[start:end] for start, end in conll.column_places(line, reader.options.separator)]
                    for line in held[first:last]
                ]
                blocks += [rows] if rows else []
            held = []
        else:
            held.append(line.rstrip("\r"))
    return blocks


def places_of(blocks: Blocks, options: ReadOptions) -> tuple[int, int]:
    """Return the places of the token and the tag column in the first line."""
    width = len(blocks[0][0])
    token_at, tag_at = options.token_column, options.tag_column
    if not isinstance(token_at, int) or not isinstance(tag_at, int):
        return width, width
    return token_at % width, tag_at % width
