"""Mending a line of JSON. Keys that are not read keep their bytes, and so do values in which nothing changes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Set
from typing import Any

import msgspec

from corpus.errors import BadLine
from corpus.formats import jsonl
from corpus.formats.spans import CharacterSpan, laid
from corpus.options import ReadOptions
from corpus.repair.words import cleaned, dropped_from
from tagging.schemes import Scheme, UnknownTag
from tagging.schemes import parse as parse_tags
from tagging.tokenizer import tokenize

_SPACED = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s')
_KNOWN = frozenset(("tokens", "tags", "text", "spans", "domain"))


def mended_jsonl(
    lines: list[str], options: ReadOptions, scheme: Scheme, wanted: Set[str], done: Counter[str]
) -> list[str]:
    """The one line of a record with clean tokens and tags, legal tags, and spans on token edges.

    Args:
        lines: the line, without its end.
        options: how it is read.
        scheme: what tags are written in.
        wanted: codes of what is to be mended.
        done: counts what was mended, by code.
    """
    (line,) = lines
    try:
        form = jsonl.form_of(line)
    except BadLine:
        return lines
    change = _Change(line)
    counted = Counter[str]()
    if form == "tagged":
        _mend_tokens(change, scheme, wanted, counted)
    else:
        _mend_spans(line, change, wanted, counted)
    if not change.made or _repeats_a_key(line):
        # Of a key that stands twice only one would be left, and nobody here knows which was meant.
        return lines
    done.update(counted)
    return [change.written()]


def _repeats_a_key(line: str) -> bool:
    """Whether any object of a line has a key twice."""
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({key for key, _ in pairs}) < len(pairs)

    try:
        json.loads(line, object_pairs_hook=look)
    except (ValueError, RecursionError):
        # Longer numbers or deeper lists than the standard library reads.
        return True
    return repeated


class _Change:
    """A line under repair."""

    def __init__(self, line: str) -> None:
        self.row = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        self.made = False
        self._ascii = line.isascii()
        self._parts = (", ", ": ") if _SPACED.match(line) else (",", ":")

    def read(self, key: str) -> Any:
        return msgspec.json.decode(self.row[key]) if key in self.row else None

    def write(self, key: str, value: Any) -> None:
        if value != self.read(key):
            self.row[key] = msgspec.Raw(self.dumped(value).encode())
            self.made = True

    def dumped(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=self._ascii, separators=self._parts)

    def written(self) -> str:
        comma, colon = self._parts
        pairs = (f"{self.dumped(key)}{colon}{bytes(raw).decode()}" for key, raw in self.row.items())
        return "{" + comma.join(pairs) + "}"

    def holds_other_places(self) -> bool:
        """Whether a key that is not read may speak of places in the text."""
        return any(bytes(raw)[:1] in b"[{" for key, raw in self.row.items() if key not in _KNOWN)


def _mend_tokens(change: _Change, scheme: Scheme, wanted: Set[str], done: Counter[str]) -> None:
    tokens = [cleaned(token, wanted, done) for token in change.read("tokens")]
    tags = [cleaned(tag, wanted, done) for tag in change.read("tags")]
    if tokens != change.read("tokens") and change.read("text") and not change.holds_other_places():
        # The text follows its tokens, or they would no longer be found in it.
        text = change.read("text")
        dropped = dropped_from(text, wanted)
        if change.read("spans") is None:
            change.write("text", _without(text, dropped))
    if "D201" in wanted and not scheme.is_plain and len(tags) == len(tokens):
        try:
            repairs = parse_tags(tags, scheme).repairs
        except UnknownTag:
            repairs = []
        for repair in repairs:
            tags[repair.index] = repair.became
            done["D201"] += 1
    change.write("tokens", tokens)
    change.write("tags", tags)


def _mend_spans(line: str, change: _Change, wanted: Set[str], done: Counter[str]) -> None:
    text, given = change.read("text"), change.read("spans")
    try:
        spans = [jsonl.span_in(line, text, one) for one in given]
    except BadLine:
        return
    # On the text as it is first: of a span that ends at a character that goes, the reader has taken the whole token.
    whole = _on_edges(text, list(enumerate(spans)), wanted, done)
    dropped = {} if change.holds_other_places() else dropped_from(text, wanted)
    moved = [
        (index, CharacterSpan(_moved(span.start, dropped), _moved(span.end, dropped), span.label))
        for index, span in whole
    ]
    shorter = _without(text, dropped)
    # As of a token, something must be left of the text and of every span.
    if dropped and tokenize(shorter) and all(span.start < span.end for _, span in moved):
        text = shorter
        whole = _on_edges(text, moved, wanted, done)
        done.update(set(dropped.values()))
    change.write("text", text)
    change.write("spans", [_written(given[index], span) for index, span in whole])


def _on_edges(
    text: str, numbered: list[tuple[int, CharacterSpan]], wanted: Set[str], done: Counter[str]
) -> list[tuple[int, CharacterSpan]]:
    """Spans, each with its number, as the reader lays them on tokens; as they are where that is not wanted."""
    tokens = tokenize(text)
    if not tokens:
        return numbered
    starts, ends = [token.start for token in tokens], [token.end for token in tokens]
    kept, settled = laid(text, [span for _, span in numbered], starts, ends)
    if not settled or not {one.code for one in settled} <= wanted:
        return numbered
    done.update(one.code for one in settled)
    return sorted(
        (numbered[at][0], CharacterSpan(starts[span.start], ends[span.end - 1], span.label))
        for span, at in kept
    )


def _written(given: Any, span: CharacterSpan) -> Any:
    """A span at its place, in the way it was written; an object keeps its other keys."""
    if isinstance(given, dict):
        return {**given, "start": span.start, "end": span.end}
    return [span.start, span.end, span.label]


def _without(text: str, dropped: dict[int, str]) -> str:
    return "".join(character for at, character in enumerate(text) if at not in dropped)


def _moved(place: int, dropped: dict[int, str]) -> int:
    return place - sum(1 for at in dropped if at < place)
