"""Errors of a corpus: what is wrong, where, and what to do about it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

SHOWN_CHARACTERS = 60

_TEXT = re.compile(r"(?P<path>.+?)(?::(?P<line>\d+))?: (?P<rest>.+)", re.DOTALL)


class BadLine(ValueError):
    """A line that a format cannot read, placed by its index within the record.

    Raised by functions that do not know the file; their caller turns it into a `CorpusError` with `located`.
    `code` is the fault's code in `corpus.codes.CODES`.
    """

    def __init__(
        self, index: int, found: str, *, expected: str, remedy: str, shown: str = "", code: str = "D101"
    ) -> None:
        super().__init__(index, found)
        self.code = code
        self.index = index
        self.found = found
        self.expected = expected
        self.remedy = remedy
        self.shown = shown

    def located(self, path: str | Path, record_line: int) -> CorpusError:
        """Place the fault in its file; `record_line` is the 1-based line on which the record begins."""
        return CorpusError(
            self.found,
            path=path,
            line=record_line + self.index,
            expected=self.expected,
            remedy=self.remedy,
            shown=self.shown,
            code=self.code,
        )


class CorpusError(ValueError):
    """A fault that stops the reading of a corpus.

    Its text is one line: `train.conll:1000: <found>, in '<the line>'; expected <expected>; <remedy>`.

    Attributes:
        path: the file or folder.
        line: the 1-based line, or None for the whole file.
        found, expected, remedy: the three parts of the message.
        shown: the offending line, shortened.
        code: the code of this kind of fault in `corpus.codes.CODES`.
    """

    def __init__(
        self,
        found: str,
        *,
        path: str | Path,
        line: int | None = None,
        expected: str = "",
        remedy: str = "",
        shown: str = "",
        code: str = "D102",
    ) -> None:
        super().__init__(found)
        self.code = code
        self.found = found
        self.path = str(path)
        self.line = line
        self.expected = expected
        self.remedy = remedy
        self.shown = shortened(shown)

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        message = self.found
        if self.shown:
            message += f", in {self.shown!r}"
        if self.expected:
            message += f"; expected {self.expected}"
        if self.remedy:
            message += f"; {self.remedy}"
        # One line whatever a file name or a tag holds: logs and worker processes pass it on by line. And nothing
        # that a terminal would obey.
        return printable(" ".join(f"{where}: {message}".splitlines()))

    def __reduce__(self) -> tuple[object, ...]:
        # An exception with keyword arguments cannot be pickled otherwise.
        parts = {name: value for name, value in vars(self).items() if name != "found"}
        return partial(CorpusError, **parts), (self.found,)

    @classmethod
    def from_text(cls, text: str) -> CorpusError:
        """Rebuild the error from its text, all that a worker process passes on."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return cls(text, path="corpus")
        line = match["line"]
        return cls(match["rest"], path=match["path"], line=int(line) if line else None)


def shortened(line: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Cut a line to at most `limit` characters."""
    return line if len(line) <= limit else line[: limit - 3] + "..."


def printable(text: str) -> str:
    """Escape every character that is not printable or that cannot be encoded."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
