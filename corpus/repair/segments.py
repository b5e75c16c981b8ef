"""Split a file into records and the blank lines between them, without losing a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.formats.table import FileReader
from corpus.raw_records import BOM, RECORD_BYTES, is_break
from corpus.reading import files


class Segment(NamedTuple):
    """A record, or a run of breaks between records.

    Attributes:
        line: 1-based line on which it begins.
        lines: its lines with their ends.
        blank: whether the lines hold only white space, or begin documents.
    """

    line: int
    lines: list[bytes]
    blank: bool


def segments(path: Path, reader: FileReader) -> Iterator[Segment]:
    """Yield all lines of a file as records and runs of blank lines; one by one if a record is a line.

    Raises:
        CorpusError: the file cannot be read, or a record is longer than `RECORD_BYTES`.
    """
    single = reader.unit == "line"
    held: list[bytes] = []
    begin, size, blank = 1, 0, True
    for number, raw in enumerate(files.lines(path), start=1):
        bare = raw.removeprefix(BOM if number == 1 else b"")
        empty = not bare.strip() if single else is_break(bare)
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
                remedy="check that a blank line (JSON: a line end) separates sentences; nothing was written",
                code="D114",
            )
    if held:
        yield Segment(begin, held, blank)
