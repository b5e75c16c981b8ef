"""Tagged sentences as lines of text."""

from __future__ import annotations

import json

from serving.client.answers import TaggedSentence


def to_jsonl(sentence: TaggedSentence) -> str:
    """Format as one line of JSON, without its line break; offsets are in characters of `text`."""
    return json.dumps(
        {
            "text": sentence.text,
            "score": _rounded(sentence.score),
            "tokens": [
                {
                    "text": token.text,
                    "tag": token.tag,
                    "confidence": _rounded(token.confidence),
                    "start": token.start,
                    "end": token.end,
                }
                for token in sentence.tokens
            ],
            "entities": [
                {
                    "label": entity.label,
                    "text": entity.text,
                    "start": entity.start,
                    "end": entity.end,
                    "confidence": _rounded(entity.confidence),
                }
                for entity in sentence.entities
            ],
        },
        ensure_ascii=False,
    )


def to_conll(sentence: TaggedSentence) -> str:
    """Format as a line `token<TAB>tag` for each token, then a blank line, so that blocks can be concatenated."""
    lines = [f"{token.text}\t{token.tag}\n" for token in sentence.tokens]
    return "".join(lines) + "\n"


def _rounded(probability: float) -> float:
    # A float32 has about six digits; more would be noise of the conversion.
    return round(probability, 6)
