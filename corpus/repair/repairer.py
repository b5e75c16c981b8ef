"""Repair one record of a file in any format: first its line ends, then its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path

from corpus.errors import BadLine
from corpus.formats.table import format_name, format_of
from corpus.options import ReadOptions
from corpus.raw_records import BOM, lines_of
from corpus.record import Record
from corpus.repair.columns import repair_conll, repair_conllu
from corpus.repair.jsonl import repair_jsonl
from corpus.repair.segments import Segment
from tagging.schemes import Scheme

# Takes the lines of a record without ends, the options, the scheme, the codes to repair, and a counter of
# repairs by code; returns the repaired lines.
_Repair = Callable[[list[str], ReadOptions, Scheme, Set[str], Counter[str]], list[str]]
REPAIRS: dict[str, _Repair] = {"conll": repair_conll, "conllu": repair_conllu, "jsonl": repair_jsonl}


@dataclass(frozen=True)
class Repairer:
    """Repairs records and counts the repairs.

    Attributes:
        options: how the corpus is read.
        scheme: the scheme of its tags.
        codes: codes of the faults to repair.
        counts: number of repairs by code.
    """

    options: ReadOptions
    scheme: Scheme
    codes: Set[str]
    counts: Counter[str] = field(default_factory=Counter)

    def repaired_record(self, path: Path, segment: Segment) -> list[bytes]:
        """The lines of a record, repaired; unchanged if they are not UTF-8."""
        try:
            b"".join(segment.lines).decode("utf-8")
        except UnicodeDecodeError:
            return segment.lines
        raw = [self._with_lf(line, doubled="D115") for line in self._without_bom(segment)]
        ended = raw[-1].endswith(b"\n")
        lines = b"".join(raw).decode("utf-8").removesuffix("\n").split("\n")
        if not any("\r" in line for line in lines):
            repair = REPAIRS[format_name(path, self.options)]
            lines = repair(lines, self.options, self.scheme, self.codes, self.counts)
        encoded = [line.encode("utf-8") + b"\n" for line in lines]
        return encoded if ended else [*encoded[:-1], encoded[-1].removesuffix(b"\n")]

    def repaired_blank_lines(self, segment: Segment) -> list[bytes]:
        """Blank lines with LF ends; white space in them is kept."""
        return [self._with_lf(line, doubled="D304") for line in self._without_bom(segment)]

    def parse(self, path: Path, lines: list[bytes]) -> Record | None:
        """Parse a record's lines; None if they cannot be read."""
        raw = b"".join(lines).removeprefix(BOM)
        try:
            return format_of(path, self.options).parse(lines_of(raw), self.options)
        except BadLine:
            return None

    def _without_bom(self, segment: Segment) -> list[bytes]:
        if segment.line != 1 or "D303" not in self.codes or not segment.lines[0].startswith(BOM):
            return segment.lines
        self.counts["D303"] += 1
        return [segment.lines[0].removeprefix(BOM), *segment.lines[1:]]

    def _with_lf(self, line: bytes, *, doubled: str) -> bytes:
        """Replace CR LF by LF, and so the CR CR LF that a second conversion to CR LF makes.

        Args:
            line: the line.
            doubled: the code of CR CR LF; blank lines can be read with it.
        """
        if not line.endswith(b"\r\n"):
            return line
        code = doubled if line.endswith(b"\r\r\n") else "D304"
        if code not in self.codes:
            return line
        self.counts[code] += 1
        return line[:-1].rstrip(b"\r") + b"\n"
