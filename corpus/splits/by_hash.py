"""Assign a sentence to a split by a hash of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from corpus.options import Shares


def text_key(tokens: Sequence[str]) -> int:
    """Hash T tokens, joined by spaces, to 64 bits; sentences with the same key count as the same.

    The tokens, not the running text: a sentence has the same key in every file format.
    """
    joined = " ".join(tokens).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big")


def split_of(key: int, shares: Shares) -> str:
    """Assign a sentence with this `text_key` to a split: `train`, `dev` or `test`.

    It depends on the sentence alone, not on other sentences, their order, the file or the machine: no
    sentence moves when a corpus grows, and all copies of a sentence are in the same split. Test and dev take
    the low end, so that a change of train's share moves as few sentences as possible.
    """
    place = key / 2**64 * (shares.train + shares.dev + shares.test)
    if place < shares.test:
        return "test"
    return "dev" if place < shares.test + shares.dev else "train"
