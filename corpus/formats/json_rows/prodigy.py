"""Prodigy: a text with spans, its tokens as objects, and the annotator's answer.

    {"text": "Ann sings", "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0, "ws": true}, ...],
     "spans": [{"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"}], "answer": "accept"}

Examples that were rejected or ignored are left out. The tokens are those of the tool, found in the text by
their order: some exports have wrong offsets.
"""

from __future__ import annotations

from typing import Any

from corpus.formats.json_rows.row import Row, domain_of, left_out, list_of, misfit, text_of
from corpus.options import ReadOptions


def read(value: Any, options: ReadOptions) -> Row | None:
    """Read an example with an answer, or with tokens as objects."""
    if not isinstance(value, dict):
        return None
    answer = value.get("answer")
    if answer in ("reject", "ignore"):
        return left_out(f"answer: {answer}")
    tokens = value.get("tokens")
    objects = isinstance(tokens, list) and bool(tokens) and isinstance(tokens[0], dict)
    if not objects or "text" not in value:
        return None
    text = text_of(value["text"], "text")
    items = list_of(tokens, "tokens", of=dict, named="objects")
    words = [text_of(item.get("text"), "text of a token") for item in items]
    spans = [_span(span, items) for span in list_of(value.get("spans"), "spans")]
    # spaCy makes tokens of white space too.
    return Row([word for word in words if word.strip()], None, text, spans, domain_of(value))


def _span(span: Any, tokens: list[dict[str, Any]]) -> Any:
    """Give a span that has only tokens its offsets."""
    if not isinstance(span, dict) or "start" in span or "token_start" not in span:
        return span
    first, last = span["token_start"], span.get("token_end")
    if not (isinstance(first, int) and isinstance(last, int) and 0 <= first <= last < len(tokens)):
        raise misfit(
            f"span of the tokens {first} to {last}", expected=f"0 to {len(tokens) - 1}, the last included"
        )
    return {**span, "start": tokens[first].get("start"), "end": tokens[last].get("end")}
