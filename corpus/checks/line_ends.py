"""How a file begins and how its lines end: what the reader reads over, counted where it is told."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple

from corpus.blocks import BOM
from corpus.errors import CorpusError
from corpus.reading import opened

_CHUNK = 1 << 20


class LineEnds(NamedTuple):
    """What was counted.

    Attributes:
        mark: whether the file begins with a UTF-8 byte order mark.
        lines: lines that end in LF, with or without CR before it.
        crlf: those with it.
        first: 1-based line of the first of those.
    """

    mark: bool = False
    lines: int = 0
    crlf: int = 0
    first: int | None = None


def line_ends(path: str | Path) -> LineEnds:
    """Looks through a file, plain or gzip; what cannot be read is as good as empty, for its reader tells of it."""
    lines = crlf = 0
    first = None
    mark = returned = False
    try:
        with opened(Path(path)) as stream:
            chunk = stream.read(_CHUNK)
            mark = chunk.startswith(BOM)
            while chunk:
                # A pair may lie across two chunks.
                found = chunk.count(b"\r\n") + (returned and chunk[:1] == b"\n")
                if found and first is None:
                    at = 0 if returned and chunk[:1] == b"\n" else chunk.index(b"\r\n")
                    first = 1 + lines + chunk.count(b"\n", 0, at)
                lines += chunk.count(b"\n")
                crlf += found
                returned = chunk.endswith(b"\r")
                chunk = stream.read(_CHUNK)
    except (CorpusError, OSError, EOFError, zlib.error):
        return LineEnds()
    return LineEnds(mark, lines, crlf, first)
