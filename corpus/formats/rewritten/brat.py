"""brat standoff: a text in a `.txt` file, and its annotations in an `.ann` file of the same name.

    T1<TAB>PER 0 3<TAB>Ann
    T2<TAB>LOC 13 16;20 24<TAB>New York
    R1<TAB>lives Arg1:T1 Arg2:T2

Text-bound annotations (T) are the spans; relations, events, attributes and notes are not read. The `.ann` file is the
corpus file. Every line of the text is a record, with the line numbers of the text; lines that one span covers are one
record. Of a span in pieces the whole stretch is taken, and told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from corpus.errors import CorpusError
from corpus.formats.json_rows.row import Row
from corpus.formats.jsonl import record_of
from corpus.formats.rewritten.rewriting import Beside, at_lines, beside_it, decoded, encoded, whole_text
from corpus.options import ReadOptions
from corpus.record import Note, Record

_SPAN = re.compile(r"(T\S*)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")
_OTHER = re.compile(r"(?:[REAMN]\d|[#*])\S*\t")


class _Lines(msgspec.Struct):
    """One or several lines of the text as the file is rewritten: their spans, and notes as (found, became)."""

    text: str
    spans: list[tuple[int, int, str]]
    notes: list[tuple[str, str]]


_DECODER = msgspec.json.Decoder(_Lines)


class _Span(NamedTuple):
    start: int
    end: int
    label: str
    note: tuple[str, str] | None


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse a rewritten line.

    Raises:
        BadLine: a control character in the text.
    """
    row = _DECODER.decode(lines[0])
    notes = tuple(Note(0, found, became, "D202") for found, became in row.notes)
    return record_of(row.text, Row(text=row.text, spans=row.spans, notes=notes), options)


def unpack(path: str, lines: Iterable[bytes], beside: Beside, options: ReadOptions) -> Iterator[bytes]:
    """Rewrite a text with its annotations as a line of JSON for every line of the text.

    Raises:
        CorpusError: the text is missing, an annotation is malformed, lies outside the text or quotes another
            text, or one of the files is too large or not UTF-8.
    """
    name, text_lines = beside_it(path, ".ann", ".txt", beside)
    # The offsets count every character of the file, those of its line ends too.
    text = whole_text(name, text_lines)
    spans = sorted(_spans(path, lines, text, name), key=lambda span: (span.start, -span.end))
    return at_lines(_records(text, spans))


def _records(text: str, spans: list[_Span]) -> Iterator[tuple[int, bytes]]:
    begins = [0, *(match.end() for match in re.finditer("\n", text))]
    at = 0
    for begin, end, line in _stretches(begins, len(text), spans):
        within = []
        while at < len(spans) and spans[at].start < end:
            within.append(spans[at])
            at += 1
        if text[begin:end].strip():
            row = _Lines(
                text[begin:end].rstrip("\r\n").replace("\r", " ").replace("\n", " "),
                [(span.start - begin, span.end - begin, span.label) for span in within],
                [span.note for span in within if span.note],
            )
            yield line, encoded(msgspec.to_builtins(row))


def _stretches(begins: list[int], length: int, spans: list[_Span]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, 1-based first line) of the lines, those that a span joins together."""
    ends = [*begins[1:], length]
    joined: set[int] = set()
    for span in spans:
        first, last = bisect_right(begins, span.start), bisect_right(begins, span.end - 1)
        joined.update(range(first, last))
    start = 0
    for index, end in enumerate(ends):
        if index + 1 not in joined:
            yield begins[start], end, start + 1
            start = index + 1


def _spans(path: str, lines: Iterable[bytes], text: str, name: str) -> Iterator[_Span]:
    for number, ended in enumerate(decoded(path, lines), start=1):
        line = ended.rstrip("\r\n")
        if not line.strip() or _OTHER.match(line):
            continue
        match = _SPAN.fullmatch(line)
        if match is None:
            raise CorpusError(
                "no annotation of brat",
                path=path,
                line=number,
                expected="T1<TAB>LABEL START END<TAB>TEXT",
                remedy="correct the line, or leave it out",
                shown=line,
                code="D101",
            )
        key, label, offsets, quoted = match.groups()
        pieces = [(int(start), int(end)) for start, end in (piece.split() for piece in offsets.split(";"))]
        fault = _fault(pieces, text, quoted)
        if fault:
            raise CorpusError(
                f"{key} {offsets} {fault}",
                path=path,
                line=number,
                expected=f"offsets in characters of {PurePath(name).name}, the end exclusive",
                remedy="take the text that was annotated, with its own line ends, or correct the offsets",
                shown=line,
                code="D113",
            )
        start, end = min(start for start, _ in pieces), max(end for _, end in pieces)
        covered = text[start:end]
        start, end = start + len(covered) - len(covered.lstrip()), end - len(covered) + len(covered.rstrip())
        note = None
        if len(pieces) > 1:
            note = (f"{key} {label} is in {len(pieces)} pieces ({offsets})", f"taken as {text[start:end]!r}")
        yield _Span(start, end, label, note)


def _fault(pieces: list[tuple[int, int]], text: str, quoted: str | None) -> str:
    """Say what is wrong with the offsets of an annotation; empty if nothing is."""
    if not all(start < end <= len(text) for start, end in pieces):
        return f"in a text of {len(text)} characters"
    covered = " ".join(text[start:end] for start, end in pieces).split()
    if not covered:
        return "covers white space only"
    if quoted and quoted.split() != covered:
        return f"is {' '.join(covered)[:40]!r} in the text"
    return ""
