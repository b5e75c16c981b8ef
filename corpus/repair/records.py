"""Repair one record of a file in any format: first its line ends, then its lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from corpus.errors import BadLine
from corpus.formats.table import FileReader
from corpus.raw_records import BOM, lines_of
from corpus.record import Record
from corpus.repair.columns import repair_conll, repair_conllu
from corpus.repair.jsonl import repair_jsonl
from corpus.repair.repairs import Repairs
from corpus.repair.segments import Segment


def _as_they_are(lines: list[str], repairs: Repairs) -> list[str]:
    """Leave the lines of a format that has no repairs."""
    return lines


# For each format whose files are not rewritten, from the lines of a record without ends to the repaired lines.
REPAIRS: dict[str, Callable[[list[str], Repairs], list[str]]] = {
    "conll": repair_conll,
    "conllu": repair_conllu,
    "jsonl": repair_jsonl,
    "webanno": _as_they_are,
}


def repair_record(reader: FileReader, segment: Segment, repairs: Repairs) -> list[bytes]:
    """Repair the lines of a record; they stay as they are if they are not UTF-8."""
    try:
        b"".join(segment.lines).decode("utf-8")
    except UnicodeDecodeError:
        return segment.lines
    raw = [_with_lf(line, repairs, doubled="D115") for line in _without_bom(segment, repairs)]
    ended = raw[-1].endswith(b"\n")
    lines = b"".join(raw).decode("utf-8").removesuffix("\n").split("\n")
    if not any("\r" in line for line in lines):
        lines = REPAIRS[reader.format](lines, replace(repairs, options=reader.options))
    encoded = [line.encode("utf-8") + b"\n" for line in lines]
    return encoded if ended else [*encoded[:-1], encoded[-1].removesuffix(b"\n")]


def repair_blank_lines(segment: Segment, repairs: Repairs) -> list[bytes]:
    """Give blank lines LF ends; white space in them is kept."""
    return [_with_lf(line, repairs, doubled="D304") for line in _without_bom(segment, repairs)]


def parse_record(reader: FileReader, lines: list[bytes]) -> Record | None:
    """Parse a record's lines; None if they cannot be read."""
    raw = b"".join(lines).removeprefix(BOM)
    try:
        return reader.parse(lines_of(raw))
    except BadLine:
        return None


def _without_bom(segment: Segment, repairs: Repairs) -> list[bytes]:
    if segment.line != 1 or "D303" not in repairs.codes or not segment.lines[0].startswith(BOM):
        return segment.lines
    repairs.counts["D303"] += 1
    return [segment.lines[0].removeprefix(BOM), *segment.lines[1:]]


def _with_lf(line: bytes, repairs: Repairs, *, doubled: str) -> bytes:
    """Replace CR LF by LF, and so the CR CR LF that a second conversion to CR LF makes.

    Args:
        line: the line.
        repairs: the codes to repair, and counts.
        doubled: the code of CR CR LF; blank lines can be read with it.
    """
    if not line.endswith(b"\r\n"):
        return line
    code = doubled if line.endswith(b"\r\r\n") else "D304"
    if code not in repairs.codes:
        return line
    repairs.counts[code] += 1
    return line[:-1].rstrip(b"\r") + b"\n"
