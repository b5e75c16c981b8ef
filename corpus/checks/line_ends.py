"""The byte order mark and the CRLF line ends of a file, which the reader ignores."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.raw_records import BOM
from corpus.reading.files import open_corpus_file

_CHUNK = 1 << 20


class LineEnds(NamedTuple):
    """The line ends of a file.

    Attributes:
        mark: whether the file begins with a UTF-8 byte order mark.
        lines: lines that end in LF, with or without CR before it.
        crlf: lines that end in CR LF.
        first: 1-based line of the first of these.
    """

    mark: bool = False
    lines: int = 0
    crlf: int = 0
    first: int | None = None


def line_ends(path: str | Path) -> LineEnds:
    """Count the line ends of a file, plain or gzip; none if it cannot be read, which its reader reports."""
    lines = crlf = 0
    first = None
    mark = returned = False
    try:
        with open_corpus_file(Path(path)) as stream:
            chunk = stream.read(_CHUNK)
            mark = chunk.startswith(BOM)
            while chunk:
                # A pair may lie across two chunks.
                pairs = chunk.count(b"\r\n") + (returned and chunk[:1] == b"\n")
                if pairs and first is None:
                    at = 0 if returned and chunk[:1] == b"\n" else chunk.index(b"\r\n")
                    first = 1 + lines + chunk.count(b"\n", 0, at)
                lines += chunk.count(b"\n")
                crlf += pairs
                returned = chunk.endswith(b"\r")
                chunk = stream.read(_CHUNK)
    except CorpusError:
        return LineEnds()
    return LineEnds(mark, lines, crlf, first)
