"""Texts to tag, from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.settings import SettingsError


def lines_of(file: Path) -> Iterator[str]:
    """A text for each line of `file`, without its line break; `-` is standard input.

    Raises:
        SettingsError: no such file, or one that is not UTF-8.
    """
    if str(file) == "-":
        yield from (line.rstrip("\r\n") for line in sys.stdin)
        return
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for line in lines:
                yield line.rstrip("\r\n")
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read ({error.strerror}); expected a file, a text a line"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file}: not UTF-8 ({error.reason} at byte {error.start}); convert it first"
        ) from error
