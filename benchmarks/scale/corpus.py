"""Generate a corpus of any size, with words by Zipf's law.

The vocabulary is fixed, so that a larger corpus has more sentences of the same language; entities are words
of certain ranks, so that there is something to learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from files.atomic import replacing

WORDS = 50_000
HELD_OUT = 500
_CHUNK = 10_000
_LONGEST = 60
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
# Labels by rank modulo 100: the most frequent words of a language are not entities.
_LABELS = {17: "PER", 41: "LOC", 73: "ORG"}


def write(folder: Path, *, sentences: int, seed: int = 1) -> None:
    """Write `train.conll` with that many sentences, and `dev.conll` and `test.conll` with 500 each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (split, count) in enumerate((("train", sentences), ("dev", HELD_OUT), ("test", HELD_OUT))):
        with replacing(folder / f"{split}.conll") as draft, draft.open("w", encoding="utf-8") as file:
            for text in _texts(count, np.random.default_rng([seed, number])):
                file.write(text)


def _texts(count: int, random: np.random.Generator) -> Iterator[str]:
    """Yield a CoNLL file in pieces."""
    lines = _lines()
    weights = np.cumsum(1 / np.arange(10, WORDS + 10))
    for start in range(0, count, _CHUNK):
        # About the length of sentences in news and on the web: half of them have 8 to 19 tokens.
        size = min(_CHUNK, count - start)
        lengths = np.clip(np.round(random.lognormal(2.5, 0.6, size)), 1, _LONGEST).astype(int)
        ranks = np.searchsorted(weights, random.random(lengths.sum()) * weights[-1])
        ends = np.cumsum(lengths)
        yield "".join(
            "".join([lines[rank] for rank in ranks[end - length : end]]) + "\n"
            for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        )


def _lines() -> list[str]:
    """The line (word, tag) of every rank."""
    return [f"{_word(rank)}\t{_tag(rank)}\n" for rank in range(WORDS)]


def _word(rank: int) -> str:
    word, rest = "", rank
    while rest or not word:
        rest, syllable = divmod(rest, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word.title() if _tag(rank) != "O" else word


def _tag(rank: int) -> str:
    return f"B-{_LABELS[rank % 100]}" if rank % 100 in _LABELS else "O"
