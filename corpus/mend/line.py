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
from corpus.mend.words import cleaned, dropped_from
from corpus.options import ReadOptions
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
    if not change.made:
        return lines
    done.update(counted)
    return [change.written()]


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
    dropped = {} if change.holds_other_places() else dropped_from(text, wanted)
    if dropped:
        moved = [
            CharacterSpan(_moved(span.start, dropped), _moved(span.end, dropped), span.label)
            for span in spans
        ]
        if all(span.start < span.end for span in moved):
            text, spans = _without(text, dropped), moved
            done.update(set(dropped.values()))
    whole = list(enumerate(spans))
    tokens = tokenize(text)
    if tokens:
        starts, ends = [token.start for token in tokens], [token.end for token in tokens]
        kept, settled = laid(text, spans, starts, ends)
        if settled and {one.code for one in settled} <= wanted:
            done.update(one.code for one in settled)
            whole = sorted(
                (index, CharacterSpan(starts[span.start], ends[span.end - 1], span.label))
                for span, index in kept
            )
    change.write("text", text)
    change.write("spans", [_written(given[index], span) for index, span in whole])


def _written(given: Any, span: CharacterSpan) -> Any:
    """A span at its place, in the way it was written; an object keeps its other keys."""
    if isinstance(given, dict):
        return {**given, "start": span.start, "end": span.end}
    return [span.start, span.end, span.label]


def _without(text: str, dropped: dict[int, str]) -> str:
    return "".join(character for at, character in enumerate(text) if at not in dropped)


def _moved(place: int, dropped: dict[int, str]) -> int:
    return place - sum(1 for at in dropped if at < place)
