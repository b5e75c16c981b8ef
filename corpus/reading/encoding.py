"""The encoding that a file which is not UTF-8 is likely in."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from corpus.errors import CorpusError, shortened
from corpus.reading.files import lines

# Words with other bytes than ASCII, enough to tell languages apart; tags beside them would be noise.
_WORDS = 500
# Of encodings that a text may equally well be in, the one that is met most.
_USUAL = ("cp1252", "cp1251", "gb18030", "cp932", "euc_kr", "big5")
# Above this share of noise the text is in no encoding that the library knows.
_MOST_CHAOS = 0.2


def remedy(path: Path) -> str:
    """Say how to save a file as UTF-8: with the likely encoding and a word read in it, or that it is not known."""
    sample = b" ".join(_words(path))
    # Of the whole of the library's start half a second, only after a fault.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best() if sample else None
    if best is None or best.chaos > _MOST_CHAOS:
        return "save the file as UTF-8 (its encoding could not be told: ask where it comes from)"
    possible = best.could_be_from_charset
    encoding = next((name for name in _USUAL if name in possible), best.encoding)
    word = next((word for word in sample.decode(encoding, "replace").split() if not word.isascii()), "")
    return f"save the file as UTF-8; it is likely in {encoding} ({shortened(word)}): iconv -f {encoding} -t utf-8"


def _words(path: Path) -> list[bytes]:
    try:
        words = (word for line in lines(path) for word in line.split() if not word.isascii())
        return list(islice(words, _WORDS))
    except CorpusError:
        return []
