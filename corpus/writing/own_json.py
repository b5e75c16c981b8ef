"""Tagline's own JSON, which `corpus.formats.jsonl` reads."""

from __future__ import annotations

from typing import Any

import msgspec

from corpus.errors import BadLine
from corpus.formats import jsonl
from corpus.formats.alignment import token_offsets
from corpus.options import ReadOptions
from corpus.sentence import Sentence
from corpus.writing.losses import OFFSETS
from corpus.writing.tagged import Tagged, Target, tags_of


def own_json(tagged: Tagged, target: Target) -> str:
    """Write a text with spans if reading it gives the same sentence, else tokens with tags."""
    sentence = tagged.sentence
    domain = domain_of(sentence)
    if tagged.spans is not None and sentence.starts is not None and sentence.ends is not None:
        spans = [
            {"start": sentence.starts[span.start], "end": sentence.ends[span.end - 1], "label": span.label}
            for span in tagged.spans
        ]
        line = encoded({"text": sentence.text, "spans": spans, **domain})
        if _reads_as(line, tagged, target.options):
            return line
        if token_offsets(sentence.text or "", sentence.tokens) == (None, None):
            target.losses.add(OFFSETS)
    text = {} if sentence.text is None else {"text": sentence.text}
    return encoded({"tokens": sentence.tokens, "tags": tags_of(tagged, target), **text, **domain})


def _reads_as(line: str, tagged: Tagged, options: ReadOptions) -> bool:
    sentence = tagged.sentence
    try:
        read = jsonl.parse([line], options).sentence
    except BadLine:
        return False
    return (
        read is not None
        and (read.starts, read.ends) == (sentence.starts, sentence.ends)
        and list(read.spans or ()) == list(tagged.spans or ())
    )


def domain_of(sentence: Sentence) -> dict[str, str]:
    """Return the domain under its key, or nothing."""
    return {} if sentence.domain is None else {"domain": sentence.domain}


def encoded(value: Any) -> str:
    """Encode as JSON on one line."""
    return msgspec.json.encode(value).decode()
