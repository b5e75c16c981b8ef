"""Rewrite a file that is no sequence of records, as lines of JSON: what the forms that need it have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from corpus.errors import CorpusError
from corpus.raw_records import without_bom

# Opens another file beside the one that is read, by its path: its lines as bytes.
Beside = Callable[[str], Iterable[bytes]]
# A file that must be read as a whole may not be larger.
WHOLE_BYTES = 256 << 20


def decoded(path: str, lines: Iterable[bytes]) -> Iterator[str]:
    """Decode the lines of a file, with their ends and without a byte order mark.

    Raises:
        CorpusError: a line is not UTF-8.
    """
    for number, raw in enumerate(lines, start=1):
        try:
            yield (without_bom(raw) if number == 1 else raw).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"not UTF-8 (byte 0x{raw[error.start]:02x})",
                path=path,
                line=number,
                expected="UTF-8 text",
                remedy="save the file as UTF-8; `tagline check` names the encoding that it is likely in",
                shown=raw.decode("utf-8", "backslashreplace").rstrip(),
                code="D107",
            ) from None


def whole_text(path: str, lines: Iterable[bytes]) -> str:
    """Read a file as a whole.

    Raises:
        CorpusError: it is too large, or not UTF-8.
    """
    return "".join(decoded(path, _within_limit(path, lines)))


def _within_limit(path: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for line in lines:
        size += len(line)
        if size > WHOLE_BYTES:
            raise CorpusError(
                f"more than {WHOLE_BYTES >> 20} MiB, which must be read as a whole",
                path=path,
                expected="a smaller file, or one that can be read line by line",
                remedy="write an array as lines (jq -c '.[]'), or cut the file into several",
                code="D114",
            )
        yield line


def beside_it(path: str, ending: str, other: str, beside: Beside) -> tuple[str, Iterator[bytes]]:
    """Open the file that belongs to another: the name with another ending, plain or gzip.

    Args:
        path: the file.
        ending: the ending of its name, `.gz` removed.
        other: the ending of the file that belongs to it.
        beside: opens a file.

    Returns:
        Its path and its lines.

    Raises:
        CorpusError: there is none.
    """
    plain = path[: -len(".gz")] if path.lower().endswith(".gz") else path
    stem = plain[: -len(ending)] if plain.lower().endswith(ending) else plain
    faults = []
    for name in (f"{stem}{other}", f"{stem}{other}.gz"):
        try:
            lines = iter(beside(name))
            return name, chain((next(lines, b""),), lines)
        except (CorpusError, OSError) as error:
            faults.append(error)
    found = faults[0].found if isinstance(faults[0], CorpusError) else str(faults[0])
    raise CorpusError(
        f"no {stem}{other} that can be read ({found})",
        path=path,
        expected=f"{other} and {ending} side by side, of the same name",
        remedy="copy the other file beside this one",
    ) from faults[0]


def at_lines(items: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Put each item on its 1-based line, or on the next if that is taken; lines between are blank."""
    line = 1
    for wanted, item in items:
        while line < wanted:
            yield b"\n"
            line += 1
        yield item + b"\n"
        line += 1


def encoded(value: Any) -> bytes:
    """Encode a value as one line of JSON, without its end; half a surrogate pair stays an escape."""
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value).encode("ascii")
