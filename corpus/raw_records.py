"""Cut a binary stream into raw records: the block between blank lines, or the line.

Only bytes are looked at, so that a reader that starts in the middle of a file cuts at the same places as one
that starts at its beginning. Blocks are parted by breaks: lines of nothing but ASCII white space, and lines that
begin a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from corpus.errors import BadLine

Unit = Literal["block", "line"]
BOM = b"\xef\xbb\xbf"
DOCUMENT = b"-DOCSTART-"
# No sentence is this long; a file without line ends or blank lines must not be loaded completely.
RECORD_BYTES = 4 << 20


class RawRecord(NamedTuple):
    """The bytes of one record, before any format has parsed them.

    Attributes:
        line: 1-based line of the file on which it begins.
        offset: byte of the file at which it begins (0 for the first: the byte order mark belongs to it).
        raw: its bytes with line ends, without a byte order mark; cut short soon after `RECORD_BYTES`.
    """

    line: int
    offset: int
    raw: bytes


def raw_records(stream: Iterable[bytes], unit: Unit, *, at_start: bool = True) -> Iterator[RawRecord]:
    """Cut an iterable of lines (any binary file) into records. Holds one record at a time.

    Args:
        stream: lines with their line ends. Lines and offsets are counted from its beginning.
        unit: what a record is.
        at_start: whether this is the beginning of the file, where a byte order mark may stand.
    """
    offset = 0
    held: list[bytes] = []
    held_line = held_offset = 0
    for number, raw in enumerate(stream, start=1):
        size = len(raw)
        if at_start and number == 1:
            raw = without_bom(raw)
        if unit == "line":
            if raw and not raw.isspace():
                yield RawRecord(number, offset, raw)
        elif not is_break(raw):
            if not held:
                held_line, held_offset = number, offset
            if offset - held_offset <= RECORD_BYTES:
                held.append(raw)
        elif held:
            yield RawRecord(held_line, held_offset, b"".join(held))
            held = []
        offset += size
    if held:
        yield RawRecord(held_line, held_offset, b"".join(held))


def is_break(line: bytes) -> bool:
    """Whether a line parts blocks: it is blank, or begins a document."""
    return line.isspace() or not line or line.startswith(DOCUMENT)


def without_bom(first_line: bytes) -> bytes:
    """Remove a UTF-8 byte order mark from a file's first line."""
    return first_line[len(BOM) :] if first_line.startswith(BOM) else first_line


def lines_of(raw: bytes) -> list[str]:
    """Decode a record into its lines, without line ends (LF and CRLF).

    Raises:
        BadLine: it is not UTF-8, is too long, or has a carriage return inside a line.
    """
    if len(raw) > RECORD_BYTES:
        raise BadLine(
            0,
            f"more than {RECORD_BYTES >> 20} MiB without an end",
            expected="a sentence: lines up to a blank line, or one line of JSON",
            remedy="check that a blank line (JSON: a line end) separates sentences",
            shown=raw[:80].decode("utf-8", "backslashreplace"),
            code="D114",
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        index = raw.count(b"\n", 0, error.start)
        line = raw.split(b"\n")[index]
        raise BadLine(
            index,
            f"not UTF-8 (byte 0x{raw[error.start]:02x})",
            expected="UTF-8 text",
            remedy="save the file as UTF-8; `tagline check` names the encoding that it is likely in",
            shown=line.decode("utf-8", "backslashreplace").rstrip("\r"),
            code="D107",
        ) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
        if "\r" in text:
            raise _carriage_return(text)
    return text.removesuffix("\n").split("\n")


def _carriage_return(text: str) -> BadLine:
    lines = text.split("\n")
    index = next(number for number, line in enumerate(lines) if "\r" in line)
    return BadLine(
        index,
        "a carriage return within the line",
        expected="lines that end in LF or CRLF",
        remedy="end lines with LF; old Macintosh files: tr '\\r' '\\n'",
        shown=lines[index].replace("\r", "\\r"),
        code="D115",
    )
