"""JSON lines: an object a line, either `tokens` and `tags`, or `text` and `spans`.

    {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"}
    {"text": "Ann sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ann sings", "spans": [[0, 3, "PER"]]}

Span offsets count Unicode characters, the end exclusive. A text is cut by `tagging.tokenizer.tokenize`, the
cut that the served model makes too. Spans are written as tags of the scheme the options name, or BIO. Other
keys are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from corpus.errors import BadLine
from corpus.formats.comments import offsets_in
from corpus.formats.spans import CharacterSpan, aligned
from corpus.formats.words import reject_unfit
from corpus.options import ReadOptions
from corpus.record import Note, Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, PLAIN, scheme_named, tags_of
from tagging.tokenizer import tokenize


class _Tagged(msgspec.Struct):
    tokens: list[str] | None = None
    tags: list[str] | None = None
    text: str | None = None
    spans: list[Any] | None = None
    domain: str | None = None


class _Marked(msgspec.Struct):
    start: int
    end: int
    label: str


_DECODER = msgspec.json.Decoder(_Tagged)
_WITHOUT_TOKENS = Record(None, notes=(Note(0, "sentence without tokens", "left out", "D212"),))
_SYNTAX = "write one object a line (jq -c '.[]' makes lines of an array), or correct the syntax"
_REMEDY = "correct the line, or leave it out"


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Reads one line.

    Raises:
        BadLine: not JSON, neither of the two forms, lists of different lengths, an unfit token or tag, or
            a span outside the text.
    """
    line = lines[0]
    row = _row(line)
    if _is_tagged(row):
        return _from_tokens(line, row)
    return _from_text(line, row, options)


def form_of(line: str) -> Literal["tagged", "marked"]:
    """Which of the two forms a line has: tokens with tags, or a text with spans.

    Raises:
        BadLine: not JSON, or neither of the two.
    """
    return "tagged" if _is_tagged(_row(line)) else "marked"


def _is_tagged(row: _Tagged) -> bool:
    """Whether a row has tokens and tags, which go before a text and spans."""
    return row.tokens is not None and row.tags is not None


def _row(line: str) -> _Tagged:
    try:
        row = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise _bad(line, f"JSON of another form ({error})", remedy=_SYNTAX) from None
    except msgspec.DecodeError as error:
        half = _half_of_a_pair(line)
        if half:
            raise _bad(
                line,
                f"half a surrogate pair ({half})",
                expected="whole characters",
                remedy="write both halves, such as \\ud83d\\ude00, or the character itself",
                code="D116",
            ) from None
        raise _bad(line, f"not JSON ({error})", expected="a JSON object", remedy=_SYNTAX) from None
    if not _is_tagged(row) and (row.text is None or row.spans is None):
        raise _bad(line, "an object without `tokens` and `tags`, and without `text` and `spans`")
    return row


def _half_of_a_pair(line: str) -> str:
    """The first surrogate without its other half, which the standard library reads and msgspec refuses."""
    try:
        read = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    found = re.search("[\ud800-\udfff]", read)
    return f"\\u{ord(found[0]):04x}" if found else ""


def _bad(line: str, found: str, *, expected: str = "", remedy: str = _REMEDY, code: str = "D101") -> BadLine:
    return BadLine(
        0,
        found,
        expected=expected
        or '{"tokens": [...], "tags": [...]} or {"text": "...", "spans": [[start, end, label]]}',
        remedy=remedy,
        shown=line,
        code=code,
    )


def _from_tokens(line: str, row: _Tagged) -> Record:
    tokens, tags = row.tokens or [], row.tags or []
    if len(tokens) != len(tags):
        raise _bad(
            line,
            f"{len(tokens)} tokens and {len(tags)} tags",
            expected="one tag for every token",
            code="D108",
        )
    if not tokens:
        return _WITHOUT_TOKENS
    places = (0,) * len(tokens)
    reject_unfit(tokens, tags, places, [line])
    starts, ends = offsets_in(row.text, tokens) if row.text else (None, None)
    return Record(
        Sentence(tuple(tokens), tuple(tags), row.text or None, starts, ends, row.domain or None), places
    )


def _from_text(line: str, row: _Tagged, options: ReadOptions) -> Record:
    text = row.text or ""
    cut = tokenize(text)
    if not cut:
        return _WITHOUT_TOKENS
    tokens = tuple(token.text for token in cut)
    starts = tuple(token.start for token in cut)
    ends = tuple(token.end for token in cut)
    spans = [span_in(line, text, given) for given in row.spans or ()]
    placed, settled = aligned(text, spans, starts, ends)
    named = BIO if options.scheme.lower() == "auto" else scheme_named(options.scheme)
    tags = tuple(tags_of(placed, len(tokens), BIO if named is PLAIN else named))
    places = (0,) * len(tokens)
    reject_unfit(tokens, tags, places, [line])
    notes = tuple(Note(0, *one) for one in settled)
    return Record(Sentence(tokens, tags, text, starts, ends, row.domain or None), places, notes)


def span_in(line: str, text: str, given: object) -> CharacterSpan:
    """A span of a text in either of its two ways of writing.

    Raises:
        BadLine: it is neither, lies outside the text or has no label.
    """
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
        given = dict(zip(("start", "end", "label"), given, strict=True))
    try:
        span = msgspec.convert(given, _Marked)
    except msgspec.ValidationError as error:
        raise _bad(
            line,
            f"span {given!r} ({error})",
            expected='{"start": 0, "end": 3, "label": "PER"} or [0, 3, "PER"]',
        ) from None
    if not 0 <= span.start < span.end <= len(text):
        raise _bad(
            line,
            f"span {span.start}-{span.end} in a text of {len(text)} characters",
            expected="0 <= start < end <= length, counted in Unicode characters",
            remedy="correct the offsets (are they bytes, or UTF-16 units?)",
            code="D113",
        )
    if not span.label:
        raise _bad(line, f"span {span.start}-{span.end} without a label", expected="a label")
    return CharacterSpan(span.start, span.end, span.label)
