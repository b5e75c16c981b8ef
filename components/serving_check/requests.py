"""The texts that ServingCheck sends: sentences of the test split, and texts that break servers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from tfx import types

from components.predictor.sentences import recorded_sentences

# An empty text, white space alone, a single letter, scripts and signs outside ASCII, and a text of 2,000 tokens.
HARD_TEXTS = (
    "",
    " \t ",
    "a",
    "Zoë Müller traf 東京の友達 in São Paulo 🙂 — “très bien”.",
    "e\u0301te\u0301 \u200bzero\u200dwidth \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "word " * 2000,
)


def first_sentences(examples: types.Artifact, count: int) -> list[list[str]]:
    """Read the tokens of the first `count` sentences of the test split."""
    return [list(sentence.tokens) for sentence in islice(recorded_sentences(examples, split="test"), count)]


def texts_of(sentences: Sequence[Sequence[str]]) -> list[str]:
    """Join tokens to running text, as a person would send it."""
    return [" ".join(tokens) for tokens in sentences]
