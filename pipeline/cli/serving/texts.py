"""Texts to tag, from a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.settings import SettingsError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_typed(file: Path | None) -> bool:
    """Whether a person types the texts at a terminal."""
    return str(file) == "-" and sys.stdin.isatty()


def lines_of(file: Path) -> Iterator[str]:
    """Read a text from each line of `file`, without its line break; `-` is standard input.

    Raises:
        SettingsError: no such file, at once; or a line that is not UTF-8, once the lines before it have been yielded.
    """
    name = "standard input" if str(file) == "-" else str(file)
    try:
        opened = _opened(file)
    except OSError as error:
        raise _unreadable(name, error) from error
    return _lines(opened, name)


def _lines(opened: contextlib.AbstractContextManager[BinaryIO], name: str) -> Iterator[str]:
    try:
        with opened as lines:
            for number, line in enumerate(lines, start=1):
                yield _decoded(
                    line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line, f"{name}:{number}"
                )
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> SettingsError:
    return SettingsError(f"{name}: cannot be read ({error.strerror}); expected a file, a text a line")


def _opened(file: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    # Standard input stays open: it is not ours to close.
    return contextlib.nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")


def _decoded(line: bytes, place: str) -> str:
    try:
        return line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{place}: not UTF-8 (byte 0x{line[error.start]:02x}, the line's {error.start + 1}.); expected a "
            "text a line in UTF-8: convert the file first, as by iconv"
        ) from error
