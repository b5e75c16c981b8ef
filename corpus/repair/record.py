"""Mending one record of a file, whatever its format: line ends first, then what the lines say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from pathlib import Path

from corpus.blocks import BOM, lines_of
from corpus.errors import BadLine
from corpus.formats import format_name, format_of
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.repair.block import mended_conll, mended_conllu
from corpus.repair.line import mended_jsonl
from corpus.repair.segments import Segment
from tagging.schemes import Scheme

_Mend = Callable[[list[str], ReadOptions, Scheme, Set[str], Counter[str]], list[str]]
_MENDS: dict[str, _Mend] = {"conll": mended_conll, "conllu": mended_conllu, "jsonl": mended_jsonl}


class Mender:
    """Mends records, and counts.

    Args:
        options: how the corpus is read.
        scheme: what its tags are written in.
        wanted: codes of what is to be mended.
    """

    def __init__(self, options: ReadOptions, scheme: Scheme, wanted: Set[str]) -> None:
        self.options = options
        self.scheme = scheme
        self.wanted = wanted
        self.done = Counter[str]()

    def block(self, path: Path, segment: Segment) -> list[bytes]:
        """The lines of a record, mended; as they are where they are not UTF-8."""
        try:
            b"".join(segment.lines).decode("utf-8")
        except UnicodeDecodeError:
            return segment.lines
        raw = [self._line_end(line, doubled="D115") for line in self._without_mark(segment)]
        ended = raw[-1].endswith(b"\n")
        lines = b"".join(raw).decode("utf-8").removesuffix("\n").split("\n")
        if not any("\r" in line for line in lines):
            lines = _MENDS[format_name(path, self.options)](
                lines, self.options, self.scheme, self.wanted, self.done
            )
        whole = [line.encode("utf-8") + b"\n" for line in lines]
        return whole if ended else [*whole[:-1], whole[-1].removesuffix(b"\n")]

    def blank(self, segment: Segment) -> list[bytes]:
        """Blank lines with LF ends; white space in them stays."""
        return [self._line_end(line, doubled="D304") for line in self._without_mark(segment)]

    def record(self, path: Path, lines: list[bytes]) -> Record | None:
        """What the reader makes of a record's lines; None where it cannot read them."""
        raw = b"".join(lines).removeprefix(BOM)
        try:
            return format_of(path, self.options).parse(lines_of(raw), self.options)
        except BadLine:
            return None

    def _without_mark(self, segment: Segment) -> list[bytes]:
        if segment.line != 1 or "D303" not in self.wanted or not segment.lines[0].startswith(BOM):
            return segment.lines
        self.done["D303"] += 1
        return [segment.lines[0].removeprefix(BOM), *segment.lines[1:]]

    def _line_end(self, line: bytes, *, doubled: str) -> bytes:
        """The line with LF for CR LF, and for the CR CR LF that a second conversion makes of it.

        Args:
            line: the line.
            doubled: the code that CR CR LF falls under; a blank line can be read with it.
        """
        if not line.endswith(b"\r\n"):
            return line
        code = doubled if line.endswith(b"\r\r\n") else "D304"
        if code not in self.wanted:
            return line
        self.done[code] += 1
        return line[:-1].rstrip(b"\r") + b"\n"
