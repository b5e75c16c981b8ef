"""A file as its blocks and what lies between them, nothing left out: what mending writes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.blocks import BOM, RECORD_BYTES
from corpus.errors import CorpusError
from corpus.formats import format_of
from corpus.options import ReadOptions
from corpus.reading import opened_lines


class Segment(NamedTuple):
    """A run of lines.

    Attributes:
        line: 1-based line on which it begins.
        lines: its lines with their ends.
        blank: whether they hold nothing but white space.
    """

    line: int
    lines: list[bytes]
    blank: bool


def segments(path: Path, options: ReadOptions) -> Iterator[Segment]:
    """Yields every line of a file, in blocks and in runs of blank lines; where a record is a line, one by one.

    Raises:
        CorpusError: the file cannot be read, or a record is longer than `RECORD_BYTES`.
    """
    single = format_of(path, options).unit == "line"
    held: list[bytes] = []
    begin, size, blank = 1, 0, True
    for number, raw in enumerate(opened_lines(path), start=1):
        empty = not raw.removeprefix(BOM if number == 1 else b"").strip()
        if held and (empty != blank or single):
            yield Segment(begin, held, blank)
            held = []
        if not held:
            begin, size, blank = number, 0, empty
        held.append(raw)
        size += 0 if empty else len(raw)
        if size > RECORD_BYTES:
            raise CorpusError(
                f"more than {RECORD_BYTES >> 20} MiB without an end",
                path=path,
                line=begin,
                expected="a sentence: lines up to a blank line, or one line of JSON",
                remedy="check that a blank line (JSON: a line end) parts sentences; nothing was written",
                code="D114",
            )
    if held:
        yield Segment(begin, held, blank)
