"""From a file to its sentences, streaming: one record is held at a time."""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

from corpus.blocks import RECORD_BYTES, Block, blocks, lines_of
from corpus.errors import BadLine, CorpusError
from corpus.formats import format_of
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.sentence import Sentence


def sentences(path: str | Path, options: ReadOptions) -> Iterator[tuple[int, Sentence]]:
    """Yields (1-based line its block begins on, sentence), tags as they stand in the file.

    What had to be settled on the way, such as spans off the token edges, is in `records` and in the report
    of `corpus.checks.check`.

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
    yield from blocks(opened_lines(Path(path)), format_of(path, options).unit)


def opened_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, plain or gzip, with their ends; of one longer than a record may be, its beginning.

    Raises:
        CorpusError: the file cannot be opened or unpacked, or its first bytes are those of no text in UTF-8.
    """
    with reading(path) as stream:
        # A file that is short as a whole has no line that is too long.
        short = path.stat().st_size <= RECORD_BYTES and not isinstance(stream, gzip.GzipFile)
        yield from told_utf8(path, stream if short else _lines(stream))


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file for reading as `opened` does; what goes wrong then and while it is read is told of the file.

    Raises:
        CorpusError: the file cannot be opened, read or unpacked.
    """
    try:
        with opened(path) as stream:
            yield stream
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
    """Opens a file for reading as bytes, unpacked where its name ends in `.gz`.

    Raises:
        CorpusError: it is no regular file. A pipe would be waited for, and cannot be read twice.
        OSError: it cannot be opened.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise CorpusError(
            "a pipe, a folder or a device",
            path=path,
            expected="a regular file, which can be read more than once",
            remedy="write the text into a file first",
        )
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    most = RECORD_BYTES + 2
    while line := stream.readline(most):
        if len(line) == most and not line.endswith(b"\n"):
            while (rest := stream.readline(most)) and not rest.endswith(b"\n"):
                pass
        yield line


_OTHER_TEXT = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "gzip", b"PK": "zip"}


def whole_lines(path: Path, stream: IO[bytes], line: int = 1) -> Iterator[bytes]:
    """The lines of an open file, of which the first is `line`: whoever counts bytes needs all of each.

    Raises:
        CorpusError: a line is longer than a record may be; it is not held.
    """
    for number, raw in enumerate(_lines(stream), start=line):
        if len(raw) > RECORD_BYTES:
            try:
                lines_of(raw)
            except BadLine as error:
                raise error.located(path, number) from None
        yield raw


def told_utf8(path: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, unless the first bytes say that none of them is UTF-8: one fault then, not one a line.

    Raises:
        CorpusError: they are those of UTF-16, or of a packed file under another name.
    """
    lines = iter(lines)
    first = next(lines, b"")
    kind = _OTHER_TEXT.get(first[:2])
    head = first[:200]
    if kind is None and head.count(0) * 3 >= len(head) > 0:
        # Without a mark too: every other byte of its ASCII is 0.
        kind = "UTF-16"
    if kind == "UTF-16":
        raise CorpusError(
            f"{kind} text",
            path=path,
            line=1,
            expected="UTF-8 text",
            remedy=f"save the file as UTF-8: iconv -f {kind.lower()} -t utf-8",
            code="D107",
        )
    if kind and first[2:4] in (b"\x08\x00", b"\x08\x08", b"\x03\x04"):
        raise CorpusError(
            f"a {kind} file by its first bytes",
            path=path,
            expected="text, or gzip under a name that ends in .gz",
            remedy="unpack it, or correct its name",
        )
    return chain((first,), lines) if first else iter(())
