"""Which split a sentence belongs to where no file name says so."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from corpus.options import Shares


def text_key(tokens: Sequence[str]) -> int:
    """A 64-bit hash of T tokens joined by spaces: what makes two sentences the same.

    The tokens, not the running text: the same sentence has the same key in every file format.
    """
    joined = " ".join(tokens).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big")


def split_of(key: int, shares: Shares) -> str:
    """The split of a sentence with this `text_key`: `train`, `dev` or `test`.

    It depends on the sentence alone: other sentences, their order, the file and the machine do not matter, so
    growing a corpus moves nothing, and a sentence that occurs twice stays on one side. Test and dev take
    the low end: changing train's share against theirs moves only what it must.
    """
    place = key / 2**64 * (shares.train + shares.dev + shares.test)
    if place < shares.test:
        return "test"
    return "dev" if place < shares.test + shares.dev else "train"
