"""Repair a line of JSON. Values that are not read or do not change keep their bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Set
from typing import Any

import msgspec

from corpus.errors import BadLine
from corpus.formats import jsonl
from corpus.formats.alignment import CharacterSpan, align
from corpus.options import ReadOptions
from corpus.repair.cleaning import characters_to_drop, clean, without
from tagging.schemes import Scheme, UnknownTag
from tagging.schemes import parse as parse_tags
from tagging.tokenizer import tokenize

_SPACED = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s')
_KEYS_READ = frozenset(("tokens", "tags", "text", "spans", "domain"))


def repair_jsonl(
    lines: list[str], options: ReadOptions, scheme: Scheme, codes: Set[str], counts: Counter[str]
) -> list[str]:
    """Clean the tokens and tags of a line of JSON, make its tags legal, and move its spans to token edges.

    Args:
        lines: the line, without its end.
        options: how it is read.
        scheme: the scheme of the tags.
        codes: codes of the faults to repair.
        counts: counts the repairs by code.
    """
    (line,) = lines
    try:
        form = jsonl.form_of(line)
    except BadLine:
        return lines
    repair = _LineRepair(line)
    repaired = Counter[str]()
    if form == "tagged":
        _repair_tokens(repair, scheme, codes, repaired)
    else:
        _repair_spans(line, repair, codes, repaired)
    if not repair.changed or _has_duplicate_key(line):
        # Of a duplicate key only one value would be written, and it is unknown which one is right.
        return lines
    counts.update(repaired)
    return [repair.encoded()]


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


class _LineRepair:
    """A line of JSON whose values can be replaced.

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


def _repair_tokens(repair: _LineRepair, scheme: Scheme, codes: Set[str], counts: Counter[str]) -> None:
    tokens = [clean(token, codes, counts) for token in repair.read("tokens")]
    tags = [clean(tag, codes, counts) for tag in repair.read("tags")]
    text = repair.read("text")
    if (
        tokens != repair.read("tokens")
        and text
        and repair.read("spans") is None
        and not repair.may_hold_other_offsets()
    ):
        # Or the tokens would no longer be found in the text.
        repair.write("text", without(text, characters_to_drop(text, codes)))
    if "D201" in codes and not scheme.is_plain and len(tags) == len(tokens):
        try:
            repairs = parse_tags(tags, scheme).repairs
        except UnknownTag:
            repairs = []
        for tag_repair in repairs:
            tags[tag_repair.index] = tag_repair.became
            counts["D201"] += 1
    repair.write("tokens", tokens)
    repair.write("tags", tags)


def _repair_spans(line: str, repair: _LineRepair, codes: Set[str], counts: Counter[str]) -> None:
    text, values = repair.read("text"), repair.read("spans")
    try:
        spans = [jsonl.parse_span(line, text, value) for value in values]
    except BadLine:
        return
    # First on the original text: a span that ends at a character to drop was read with the whole token.
    aligned = _on_token_edges(text, list(enumerate(spans)), codes, counts)
    dropped = {} if repair.may_hold_other_offsets() else characters_to_drop(text, codes)
    moved = [
        (index, CharacterSpan(_moved(span.start, dropped), _moved(span.end, dropped), span.label))
        for index, span in aligned
    ]
    shorter = without(text, dropped)
    # As with tokens, something must be left of the text and of every span.
    if dropped and tokenize(shorter) and all(span.start < span.end for _, span in moved):
        text = shorter
        aligned = _on_token_edges(text, moved, codes, counts)
        counts.update(set(dropped.values()))
    repair.write("text", text)
    repair.write("spans", [_span_value(values[index], span) for index, span in aligned])


def _on_token_edges(
    text: str, numbered: list[tuple[int, CharacterSpan]], codes: Set[str], counts: Counter[str]
) -> list[tuple[int, CharacterSpan]]:
    """Align numbered spans to tokens as the reader does; all stay if one of their faults is ignored."""
    tokens = tokenize(text)
    if not tokens:
        return numbered
    starts, ends = [token.start for token in tokens], [token.end for token in tokens]
    spans, sources, settled = align(text, [span for _, span in numbered], starts, ends)
    if not settled or not {fault.code for fault in settled} <= codes:
        return numbered
    counts.update(fault.code for fault in settled)
    return sorted(
        (numbered[source][0], CharacterSpan(starts[span.start], ends[span.end - 1], span.label))
        for span, source in zip(spans, sources, strict=True)
    )


def _span_value(value: Any, span: CharacterSpan) -> Any:
    """A span in the form of its original value; an object keeps its other keys."""
    if isinstance(value, dict):
        return {**value, "start": span.start, "end": span.end}
    return [span.start, span.end, span.label]


def _moved(offset: int, dropped: dict[int, str]) -> int:
    return offset - sum(1 for at in dropped if at < offset)
