"""Open corpus files, plain or gzip, and read their lines; every failure is a `CorpusError`."""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

from corpus.errors import BadLine, CorpusError
from corpus.formats.header import HEAD_BYTES
from corpus.formats.rewritten.rewriting import WHOLE_BYTES
from corpus.formats.table import FileReader, reader_of
from corpus.options import ReadOptions
from corpus.raw_records import RECORD_BYTES, lines_of

_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "gzip", b"PK": "zip"}


@contextmanager
def open_corpus_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading as bytes, unpacked if its name ends in `.gz`.

    Raises:
        CorpusError: the file cannot be opened, read or unpacked, also later, while the stream is read.
    """
    try:
        with _open(path) as stream:
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"broken gzip ({error})", path=path, expected="a complete gzip file", remedy="copy it again"
        ) from error
    except OSError as error:
        raise CorpusError(
            error.strerror or str(error),
            path=path,
            expected="a file that can be read",
            remedy="check the path",
        ) from error


def _open(path: Path) -> IO[bytes]:
    # Opening a pipe would block, and it cannot be read twice.
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


def reader_for(path: Path, options: ReadOptions) -> FileReader:
    """Tell how a file is read."""
    return reader_of(path, options, head_of(path))


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked; none of one that cannot be opened, which its reader reports."""
    try:
        with open_corpus_file(path) as stream:
            return stream.read(HEAD_BYTES)
    except CorpusError:
        return b""


def unpacked_lines(path: Path, reader: FileReader) -> Iterable[bytes]:
    """Return the lines that the records of a file are cut from.

    Raises:
        CorpusError: as of `lines`, or the file is no file of its format.
    """
    most = WHOLE_BYTES if reader.packed else RECORD_BYTES
    return reader.lines(str(path), lines(path, most), lambda name: lines(Path(name), most))


def lines(path: Path, most: int = RECORD_BYTES) -> Iterator[bytes]:
    """Yield the lines of a file, plain or gzip, with their ends; of longer ones than `most` bytes the beginning.

    Raises:
        CorpusError: the file cannot be opened or unpacked, or its first bytes are not UTF-8 text.
    """
    with open_corpus_file(path) as stream:
        # A file shorter than the limit has no line that is too long.
        short = path.stat().st_size <= most and not isinstance(stream, gzip.GzipFile)
        yield from require_utf8(path, stream if short else _cut_lines(stream, most))


def lines_within_limit(path: Path, stream: IO[bytes], line: int = 1) -> Iterator[bytes]:
    """Yield the complete lines of an open file, for callers that count bytes; the first is line `line`.

    Raises:
        CorpusError: a line is longer than a record may be.
    """
    for number, raw in enumerate(_cut_lines(stream), start=line):
        if len(raw) > RECORD_BYTES:
            try:
                lines_of(raw)
            except BadLine as error:
                raise error.located(path, number) from None
        yield raw


def _cut_lines(stream: IO[bytes], most: int = RECORD_BYTES) -> Iterator[bytes]:
    """Yield lines, of too long ones only the beginning, so that none of them is held in memory."""
    most += 2
    while line := stream.readline(most):
        if len(line) == most and not line.endswith(b"\n"):
            while (rest := stream.readline(most)) and not rest.endswith(b"\n"):
                pass
        yield line


def require_utf8(path: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Check the first bytes of a file, and return its lines; one error instead of one a line if none is UTF-8.

    Raises:
        CorpusError: they are UTF-16, or the file is packed although its name does not say so.
    """
    lines = iter(lines)
    first = next(lines, b"")
    kind = _OTHER_ENCODINGS.get(first[:2])
    head = first[:200]
    if kind is None and head.count(0) * 3 >= len(head) > 0:
        # UTF-16 without a byte order mark: every other byte of its ASCII characters is 0.
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
