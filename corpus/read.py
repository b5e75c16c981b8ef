"""From a file to its sentences, streaming: one record is held at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from corpus.blocks import Block, blocks, lines_of
from corpus.errors import BadLine, CorpusError
from corpus.formats import format_of
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.sentence import Sentence


def sentences(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Sentence]]:
    """Yields (1-based line its block begins on, sentence), tags as they stand in the file.

    What had to be settled on the way, such as spans off the token edges, is in `records` and in the report
    of `corpus.check`.

    Raises:
        CorpusError: on the first line that cannot be read.
    """
    for line, record in records(path, options):
        if record.sentence is not None:
            yield line, record.sentence


def records(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Record]]:
    """Yields (line, record), also of records that hold no sentence.

    Raises:
        CorpusError: on the first line that cannot be read.
    """
    for line, outcome in outcomes(path, options):
        if isinstance(outcome, CorpusError):
            raise outcome
        yield line, outcome


def outcomes(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Record | CorpusError]]:
    """Like `records`, but goes on after a bad record and yields what is wrong with it."""
    parse = format_of(path, options).parse
    for block in file_blocks(path, options):
        try:
            yield block.line, parse(lines_of(block.raw), options)
        except BadLine as error:
            yield block.line, error.located(path, block.line)


def file_blocks(path: str | Path, options: ReadOptions) -> Iterator[Block]:
    """The records of a file, plain or gzip, as bytes.

    Raises:
        CorpusError: the file cannot be opened or unpacked.
    """
    path = Path(path)
    try:
        with opened(path) as stream:
            yield from blocks(stream, format_of(path, options).unit)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"broken gzip ({error})", path=path, expected="a whole gzip file", remedy="copy it again"
        ) from error
    except OSError as error:
        raise CorpusError(
            error.strerror or str(error),
            path=path,
            expected="a file that can be read",
            remedy="check the path",
        ) from error


def opened(path: Path) -> IO[bytes]:
    """Opens a file for reading as bytes, unpacked where its name ends in `.gz`."""
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")
