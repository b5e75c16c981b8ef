"""What a model answered to one sentence of the test split, and a file of such answers."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

# Files in a `tagline.Predictions` artifact; the order of the sentences is that of the examples, in all of them.
CANDIDATE = "candidate.jsonl.gz"
BASELINE = "baseline.jsonl.gz"
CRFSUITE = "crfsuite.jsonl.gz"


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """T tokens, their gold tags and what a model says of them.

    Attributes:
        tokens: T tokens.
        gold: T tags, in the scheme that models train in.
        predicted: T tags, in the same scheme.
        confidence: T marginals of the predicted tags, 0..1; empty where a model gives none.
        score: probability of the whole path, 0..1; None where a model gives none.
        features: string features of the example that slices are cut by, such as {"domain": "news"}; a list of
            values is joined by a comma.
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
    """Write a line of JSON for each answer, gzipped; how many there were."""
    encode, count = msgspec.json.Encoder().encode, 0
    # No name and no clock in the header: the same answers are the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as file:
        for answer in answers:
            file.write(encode(answer) + b"\n")
            count += 1
    return count


def read(path: str | Path) -> Iterator[Answer]:
    """The answers of a file, streaming.

    Raises:
        FileNotFoundError: there is none.
        msgspec.DecodeError: a line that `write` did not write.
    """
    decode = msgspec.json.Decoder(Answer).decode
    with gzip.open(path, "rb") as file:
        for line in file:
            yield decode(line)
