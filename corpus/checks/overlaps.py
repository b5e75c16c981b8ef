"""Files of one split that hold the same sentences, found from the first places of the sentences.

A file is compared with those read before it. Kept in memory are two numbers for every pair of files that share
sentences, and of the shared sentences a place each in the table of first places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from corpus.checks.first_places import ALL, FirstPlace, FirstPlaces

# Fewer may be short sentences that any two documents share.
_LEAST = 5
# Odd numbers: multiplying by them keeps keys apart and evenly distributed.
_KEY_FACTOR, _FILE_FACTOR = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F


class Overlap(NamedTuple):
    """A file of which another file of the split holds more than half.

    Attributes:
        file, other: their numbers.
        shared: sentences of the file that the other also has.
        sentences: sentences of the file.
    """

    file: int
    other: int
    shared: int
    sentences: int


class Overlaps:
    """The sentences that files of one split have in common.

    Args:
        seen: the first places of all sentences, in which those that were counted are marked.
    """

    def __init__(self, seen: FirstPlaces) -> None:
        self._seen = seen
        # By file: all sentences, and the distinct ones that no file before it has.
        self._sentences = Counter[int]()
        self._new = Counter[int]()
        # By (file, earlier file): occurrences in the file, and distinct sentences.
        self._shared = Counter[tuple[int, int]]()
        self._distinct = Counter[tuple[int, int]]()

    def add(self, key: int, here: FirstPlace, first: FirstPlace | None) -> None:
        """Count a sentence; `first` is the first place with its key, None if it is this one."""
        self._sentences[here.file] += 1
        if first is None:
            self._new[here.file] += 1
        elif first.file != here.file and first.split == here.split:
            pair = here.file, first.file
            self._shared[pair] += 1
            mark = (key * _KEY_FACTOR + (here.file + 1) * _FILE_FACTOR) & ALL
            self._distinct[pair] += self._seen.first(mark, here) is None

    def found(self) -> Iterator[Overlap]:
        """Yield the pairs of which one file's sentences are for more than half in the other."""
        for (file, earlier), shared in sorted(self._shared.items()):
            distinct = self._distinct[file, earlier]
            if distinct < _LEAST:
                continue
            if 2 * shared > self._sentences[file]:
                yield Overlap(file, earlier, shared, self._sentences[file])
            elif 2 * distinct > self._new[earlier]:
                yield Overlap(earlier, file, distinct, self._new[earlier])
