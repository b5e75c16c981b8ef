"""Repair a line of JSON. Values that are not read or do not change keep their bytes."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from corpus.errors import BadLine
from corpus.formats import jsonl
from corpus.formats.alignment import CharacterSpan, align
from corpus.repair.cleaning import characters_to_drop, clean, without
from corpus.repair.repairs import Repairs
from tagging.schemes import UnknownTag
from tagging.tokenizer import tokenize

_SPACED = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s')
_KEYS_READ = frozenset(("tokens", "tags", "text", "spans", "domain"))


def repair_jsonl(lines: list[str], repairs: Repairs) -> list[str]:
    """Clean the tokens and tags of a line of JSON, make its tags legal, and move its spans to token edges."""
    (line,) = lines
    try:
        form = jsonl.form_of(line, repairs.options)
    except BadLine:
        return lines
    values = _Values(line)
    trial = repairs.trial()
    if form == "tagged":
        _repair_tokens(values, trial)
    else:
        _repair_spans(line, values, trial)
    if not values.changed or _has_duplicate_key(line):
        # Of a duplicate key only one value would be written, and it is unknown which one is right.
        return lines
    repairs.counts.update(trial.counts)
    return [values.encoded()]


def _has_duplicate_key(line: str) -> bool:
    """Whether any object of a line has a key twice."""
    duplicate = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal duplicate
        duplicate = duplicate or len({key for key, _ in pairs}) < len(pairs)

    try:
        json.loads(line, object_pairs_hook=look)
    except (ValueError, RecursionError):
        # Numbers too long or lists too deep for the standard library.
        return True
    return duplicate


class _Values:
    """The values of a line of JSON, which can be replaced.

    Attributes:
        row: the encoded values by key.
        changed: whether any value was replaced by another.
    """

    def __init__(self, line: str) -> None:
        self.row = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        self.changed = False
        self._ascii = line.isascii()
        self._separators = (", ", ": ") if _SPACED.match(line) else (",", ":")

    def read(self, key: str) -> Any:
        return msgspec.json.decode(self.row[key]) if key in self.row else None

    def write(self, key: str, value: Any) -> None:
        if value != self.read(key):
            self.row[key] = msgspec.Raw(self._encode(value).encode())
            self.changed = True

    def _encode(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=self._ascii, separators=self._separators)

    def encoded(self) -> str:
        comma, colon = self._separators
        pairs = (f"{self._encode(key)}{colon}{bytes(raw).decode()}" for key, raw in self.row.items())
        return "{" + comma.join(pairs) + "}"

    def may_hold_other_offsets(self) -> bool:
        """Whether a key that is not read may hold offsets of the text."""
        return any(bytes(raw)[:1] in b"[{" for key, raw in self.row.items() if key not in _KEYS_READ)


def _repair_tokens(values: _Values, repairs: Repairs) -> None:
    codes, counts = repairs.codes, repairs.counts
    tokens = [clean(token, codes, counts) for token in values.read("tokens")]
    tags = [clean(tag, codes, counts) for tag in values.read("tags")]
    text = values.read("text")
    if (
        tokens != values.read("tokens")
        and text
        and values.read("spans") is None
        and not values.may_hold_other_offsets()
    ):
        # Otherwise the tokens would no longer be found in the text.
        values.write("text", without(text, characters_to_drop(text, codes)))
    if "D201" in codes and not repairs.notation.is_plain and len(tags) == len(tokens):
        try:
            illegal = repairs.notation.parse(tags).repairs
        except UnknownTag:
            illegal = []
        for repair in illegal:
            tags[repair.index] = repair.became
            counts["D201"] += 1
    values.write("tokens", tokens)
    values.write("tags", tags)


def _repair_spans(line: str, values: _Values, repairs: Repairs) -> None:
    text, originals = values.read("text"), values.read("spans")
    try:
        spans = [jsonl.parse_span(line, text, value) for value in originals]
    except BadLine:
        return
    # First on the original text: a span that ends at a character to drop was read with the whole token.
    aligned = _on_token_edges(text, list(enumerate(spans)), repairs)
    dropped = {} if values.may_hold_other_offsets() else characters_to_drop(text, repairs.codes)
    moved = [
        (index, CharacterSpan(_moved(span.start, dropped), _moved(span.end, dropped), span.label))
        for index, span in aligned
    ]
    shorter = without(text, dropped)
    # As with tokens, something must be left of the text and of every span.
    if dropped and tokenize(shorter) and all(span.start < span.end for _, span in moved):
        text = shorter
        aligned = _on_token_edges(text, moved, repairs)
        repairs.counts.update(set(dropped.values()))
    if text == values.read("text") and aligned == list(enumerate(spans)):
        # Blanks that the reader cuts off a span stay as well.
        return
    values.write("text", text)
    values.write("spans", [_span_value(originals[index], span) for index, span in aligned])


def _on_token_edges(
    text: str, numbered: list[tuple[int, CharacterSpan]], repairs: Repairs
) -> list[tuple[int, CharacterSpan]]:
    """Align numbered spans to tokens as the reader does; all stay if one of their faults is ignored."""
    tokens = tokenize(text, repairs.options.text_tokenizer)
    if not tokens:
        return numbered
    starts, ends = [token.start for token in tokens], [token.end for token in tokens]
    spans, sources, settled = align(text, [span for _, span in numbered], starts, ends)
    if not settled or not {fault.code for fault in settled} <= repairs.codes:
        return numbered
    repairs.counts.update(fault.code for fault in settled)
    return sorted(
        (numbered[source][0], CharacterSpan(starts[span.start], ends[span.end - 1], span.label))
        for span, source in zip(spans, sources, strict=True)
    )


def _span_value(value: Any, span: CharacterSpan) -> Any:
    """Write a span in the form of its original value; an object keeps its other keys."""
    if isinstance(value, dict):
        return {**value, "start": span.start, "end": span.end}
    return [span.start, span.end, span.label]


def _moved(offset: int, dropped: dict[int, str]) -> int:
    return offset - sum(1 for at in dropped if at < offset)
