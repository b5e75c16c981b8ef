"""Read the records and sentences of a file, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corpus.errors import BadLine, CorpusError
from corpus.options import ReadOptions
from corpus.raw_records import lines_of, raw_records
from corpus.reading.encoding import remedy
from corpus.reading.files import reader_for, unpacked_lines
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
    path = Path(path)
    reader = reader_for(path, options)
    how_to_decode = ""
    try:
        for record in raw_records(unpacked_lines(path, reader), reader.unit):
            try:
                yield record.line, reader.parse(lines_of(record.raw))
            except BadLine as error:
                if error.code == "D107":
                    how_to_decode = how_to_decode or remedy(path)
                    error.remedy = how_to_decode
                yield record.line, error.located(path, record.line)
    except CorpusError as error:
        # Of a file that is rewritten as a whole. That a file is UTF-16 is known.
        if error.code == "D107" and reader.packed and "UTF-16" not in error.found:
            error.remedy = remedy(path)
        raise
