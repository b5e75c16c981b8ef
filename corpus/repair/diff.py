"""Write a unified diff while lines are streamed, from changes that the caller knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import IO

_CONTEXT = 3
# Lines held in memory: a longer change is written as several hunks.
_HELD = 5000


class UnifiedDiff:
    """The changes of one file, for `patch -p1`.

    Args:
        stream: where to write.
        name: the file's name below the corpus.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._old = self._new = 0  # lines so far
        self._before: deque[bytes] = deque(maxlen=_CONTEXT)
        self._begun = False  # whether anything has been written of this file
        self._bare = False  # within a change that was cut into hunks, which have no context
        self._hunk: list[bytes] = []
        self._from = (0, 0)
        self._counts = [0, 0]
        self._added: list[bytes] = []
        self._trailing = 0

    def keep(self, line: bytes) -> None:
        """Add a line that is the same in both files."""
        self._flush_added()
        if self._hunk:
            self._hunk.append(b" " + line)
            self._counts[0] += 1
            self._counts[1] += 1
            self._trailing += 1
        self._old += 1
        self._new += 1
        self._before.append(line)
        if (self._bare and self._hunk) or self._trailing > 2 * _CONTEXT:
            self._close()

    def change(self, old: Sequence[bytes], new: Sequence[bytes]) -> None:
        """Add lines that are replaced; `new` may be empty."""
        if not self._hunk:
            before = () if self._bare else tuple(self._before)
            self._from = (self._old - len(before), self._new - len(before))
            self._counts = [len(before), len(before)]
            self._hunk = [b" " + line for line in before]
        self._trailing = 0
        self._hunk.extend(b"-" + line for line in old)
        self._added.extend(b"+" + line for line in new)
        self._counts[0] += len(old)
        self._counts[1] += len(new)
        self._old += len(old)
        self._new += len(new)
        self._before.clear()
        if len(self._hunk) + len(self._added) > _HELD:
            self._cut()

    def end(self) -> None:
        """Write the last hunk."""
        self._flush_added()
        if self._hunk:
            self._close()

    def _flush_added(self) -> None:
        """Put added lines behind the removed ones that they replace."""
        self._hunk.extend(self._added)
        self._added = []

    def _cut(self) -> None:
        """End a hunk within a change, without context at the cut, or patch would look elsewhere."""
        self._flush_added()
        while self._hunk[0][:1] == b" ":
            del self._hunk[0]
            self._from = (self._from[0] + 1, self._from[1] + 1)
            self._counts = [count - 1 for count in self._counts]
        self._write()
        self._bare = True

    def _close(self) -> None:
        surplus = self._trailing if self._bare else max(0, self._trailing - _CONTEXT)
        if surplus:
            del self._hunk[-surplus:]
            self._counts = [count - surplus for count in self._counts]
        if self._hunk:
            self._write()
        self._hunk, self._trailing, self._bare = [], 0, False

    def _write(self) -> None:
        if not self._begun:
            name = self._name.encode("utf-8", "surrogateescape")
            self._stream.write(b"--- a/" + name + b"\n+++ b/" + name + b"\n")
            self._begun = True
        # A side without lines has the number of the line before it.
        old, new = (
            begin + (1 if count else 0) for begin, count in zip(self._from, self._counts, strict=True)
        )
        self._stream.write(b"@@ -%d,%d +%d,%d @@\n" % (old, self._counts[0], new, self._counts[1]))
        for line in self._hunk:
            ended = line.endswith(b"\n")
            self._stream.write(line if ended else line + b"\n\\ No newline at end of file\n")
        self._hunk, self._trailing = [], 0
