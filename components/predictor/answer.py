"""A model's recorded answer to a sentence of the test split, and files of such answers."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

# Files in a `tagline.Predictions` artifact; all have the sentences in the order of the examples.
CANDIDATE = "candidate.jsonl.gz"
BASELINE = "baseline.jsonl.gz"
CRFSUITE = "crfsuite.jsonl.gz"
# Instead of answers: why there are none, in words.
SKIPPED = "skipped.txt"


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """T tokens with their gold tags and a model's answer.

    Attributes:
        tokens: T tokens.
        gold: T tags, in the scheme that models train in.
        predicted: T tags, in the same scheme.
        confidence: T marginals of the predicted tags, 0..1; empty where a model gives none.
        score: probability of the whole path, 0..1; None where a model gives none.
        features: string features of the example for slices, such as {"domain": "news"}; several values are joined
            by commas.
        seen: for each gold entity, in order, whether train has an entity of that text and label.
    """

    tokens: tuple[str, ...]
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    confidence: tuple[float, ...] = ()
    score: float | None = None
    features: dict[str, str] = {}
    seen: tuple[bool, ...] = ()


def write(path: str | Path, answers: Iterable[Answer]) -> int:
    """Write each answer as a line of gzipped JSON, and return how many there were."""
    encode, count = msgspec.json.Encoder().encode, 0
    # No name and no time in the header: the same answers give the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as file:
        for answer in answers:
            file.write(encode(answer) + b"\n")
            count += 1
    return count


def read(path: str | Path) -> Iterator[Answer]:
    """Stream the answers of a file.

    Raises:
        FileNotFoundError: the file is missing.
        msgspec.DecodeError: a line is not one that `write` writes.
    """
    decode = msgspec.json.Decoder(Answer).decode
    with gzip.open(path, "rb") as file:
        for line in file:
            yield decode(line)
