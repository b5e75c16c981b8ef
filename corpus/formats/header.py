"""The first lines of a file, before any format has parsed them."""

from __future__ import annotations

from typing import NamedTuple

# Enough for the comments at the beginning of a file.
HEAD_BYTES = 16 << 10


class Header(NamedTuple):
    """The beginning of a file.

    Attributes:
        lines: its first lines, complete; if the first is longer than `HEAD_BYTES`, its beginning.
    """

    lines: tuple[str, ...]

    @classmethod
    def of(cls, head: bytes) -> Header:
        """Decode the first bytes of a file; what is not UTF-8 is replaced."""
        lines = head[:HEAD_BYTES].decode("utf-8", "replace").split("\n")
        return cls(tuple(lines[:-1] if len(lines) > 1 and len(head) >= HEAD_BYTES else lines))

    @property
    def first(self) -> str:
        """The first line that is not blank; empty if there is none."""
        return next((line for line in self.lines if line.strip()), "")
