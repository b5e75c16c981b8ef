"""Read the records and sentences of a file, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.errors import BadLine, CorpusError
from corpus.formats.table import format_of
from corpus.options import ReadOptions
from corpus.raw_records import RawRecord, lines_of, raw_records
from corpus.reading.files import lines
from corpus.record import Record
from corpus.sentence import Sentence


def sentences(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Sentence]]:
    """Yield (1-based line on which its record begins, sentence), with the tags of the file.

    What the format settled, such as spans off the token edges, is in `records` and in the report of
    `corpus.checks.check`.

    Raises:
        CorpusError: at the first line that cannot be read.
    """
    for line, record in records(path, options):
        if record.sentence is not None:
            yield line, record.sentence


def records(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Record]]:
    """Yield (line, record), also of records without a sentence.

    Raises:
        CorpusError: at the first line that cannot be read.
    """
    for line, outcome in outcomes(path, options):
        if isinstance(outcome, CorpusError):
            raise outcome
        yield line, outcome


def outcomes(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Record | CorpusError]]:
    """Like `records`, but yield the error of a bad record and continue after it."""
    parse = format_of(path, options).parse
    for record in raw_records_of(path, options):
        try:
            yield record.line, parse(lines_of(record.raw), options)
        except BadLine as error:
            yield record.line, error.located(path, record.line)


def raw_records_of(path: str | Path, options: ReadOptions) -> Iterator[RawRecord]:
    """Yield the records of a file, plain or gzip, as bytes.

    Raises:
        CorpusError: the file cannot be opened or unpacked.
    """
    yield from raw_records(lines(Path(path)), format_of(path, options).unit)
