"""The first place of each distinct sentence of a corpus, in few bytes a sentence.

A dictionary of tuples takes some 300 bytes a sentence, for millions of sentences more than the rest of a
check. This hash table takes 24 bytes a slot in three arrays, of which at least a third and at most two thirds
are in use.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

_LINES = 1 << 40
_SMALLEST = 1 << 10
ALL = (1 << 64) - 1


class FirstPlace(NamedTuple):
    """The place of a sentence.

    Attributes:
        file: number of its file, below 2**20.
        line: its first line, from 1 to 2**40.
        split: number of its split, 0 to 15.
        tags: 64 bits of a hash of the tags.
    """

    file: int
    line: int
    split: int
    tags: int


class FirstPlaces:
    """A hash table from a sentence's `text_key` to its first place. Nothing is removed from it."""

    def __init__(self) -> None:
        self._count = 0
        self._keys, self._places, self._tags = _arrays(_SMALLEST)

    def __len__(self) -> int:
        return self._count

    def first(self, key: int, here: FirstPlace) -> FirstPlace | None:
        """Return the first place with this key; if there is none, store this one and return None.

        Args:
            key: 64 evenly distributed bits, as from `text_key`.
            here: the place of the sentence with this key.
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
        """Find the key's slot, or the empty one for it, by linear probing from its low bits."""
        keys, places, mask = self._keys, self._places, len(self._keys) - 1
        slot = key & mask
        # Lines begin at 1, so no stored place is 0.
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
    """Make the arrays of keys, places and tags, all 0."""
    return array("Q", bytes(8 * size)), array("Q", bytes(8 * size)), array("Q", bytes(8 * size))
