"""The least that a tagger of plain tags must reach: each word gets the tag that it has most often in train.

A word that train lacks gets the most frequent tag of all; of equally frequent tags the alphabetically first counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

FILE_NAME = "most_frequent_tag.json"

Sentences = Iterable[tuple[Sequence[str], Sequence[str]]]


class Counts(msgspec.Struct, frozen=True):
    """How many tokens there are, and how many it tags right."""

    tokens: int
    right: int


def count(train: Sentences, test: Sentences) -> Counts:
    """Learn from `train` and count on `test`, both sentences of tokens and tags; keeps train's words in memory."""
    pairs = Counter(pair for tokens, tags in train for pair in zip(tokens, tags, strict=True))
    overall: Counter[str] = Counter()
    best: dict[str, tuple[int, str]] = {}
    for (token, tag), times in pairs.items():
        overall[tag] += times
        best[token] = min(best.get(token, (0, "")), (-times, tag))
    _, unknown = min(((-times, tag) for tag, times in overall.items()), default=(0, ""))
    tokens = right = 0
    for words, tags in test:
        tokens += len(words)
        right += sum(best.get(word, (0, unknown))[1] == tag for word, tag in zip(words, tags, strict=True))
    return Counts(tokens, right)


def write(folder: str, counts: Counts) -> None:
    """Write the counts into a `tagline.Predictions` artifact."""
    Path(folder, FILE_NAME).write_bytes(msgspec.json.encode(counts))


def read(folder: str) -> float:
    """Read the accuracy, 0 without tokens.

    Raises:
        FileNotFoundError: the file is missing; Predictor writes it for plain tags.
    """
    counts = msgspec.json.decode(Path(folder, FILE_NAME).read_bytes(), type=Counts)
    return counts.right / counts.tokens if counts.tokens else 0.0
