"""Where each distinct sentence of a corpus was first seen, in few bytes a sentence.

A dictionary of tuples takes some 300 bytes for each, which for millions of sentences is more than all else that
looking a corpus over needs. Here it is 24 in three arrays, of which at least a third and at most two thirds are in use.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

_LINES = 1 << 40
_SMALLEST = 1 << 10
ALL = (1 << 64) - 1


class FirstPlace(NamedTuple):
    """Where a sentence is.

    Attributes:
        file: its number, below 2**20.
        line: its first line, from 1 to 2**40.
        split: its number, 0 to 15.
        tags: 64 bits of a hash of the tags.
    """

    file: int
    line: int
    split: int
    tags: int


class FirstPlaces:
    """From a sentence's `text_key` to the first place that has it. Forgets nothing."""

    def __init__(self) -> None:
        self._count = 0
        self._keys, self._places, self._tags = _arrays(_SMALLEST)

    def __len__(self) -> int:
        return self._count

    def first(self, key: int, here: FirstPlace) -> FirstPlace | None:
        """The first place with this key; None where this is the first, which is noted.

        Args:
            key: 64 bits, spread evenly, as `text_key` gives them.
            here: where the sentence is that has it.
        """
        slot = self._slot(key)
        place = self._places[slot]
        if place:
            rest, number = divmod(place, _LINES)
            return FirstPlace(rest >> 4, number, rest & 15, self._tags[slot])
        self._keys[slot] = key
        self._places[slot] = (here.file << 4 | here.split) * _LINES + here.line
        self._tags[slot] = here.tags
        self._count += 1
        if 3 * self._count > 2 * len(self._keys):
            self._resize(2 * len(self._keys))
        return None

    def _slot(self, key: int) -> int:
        """That of the key, or the empty one that it would take: the next from where the key's low bits point to."""
        keys, places, mask = self._keys, self._places, len(self._keys) - 1
        slot = key & mask
        # A line is 1 or more, so that no place is 0.
        while places[slot] and keys[slot] != key:
            slot = (slot + 1) & mask
        return slot

    def _resize(self, size: int) -> None:
        before = zip(self._keys, self._places, self._tags, strict=True)
        self._keys, self._places, self._tags = _arrays(size)
        for key, place, tags in before:
            if place:
                slot = self._slot(key)
                self._keys[slot], self._places[slot], self._tags[slot] = key, place, tags


def _arrays(size: int) -> tuple[array[int], array[int], array[int]]:
    """For keys, places and tags, all 0."""
    return array("Q", bytes(8 * size)), array("Q", bytes(8 * size)), array("Q", bytes(8 * size))
