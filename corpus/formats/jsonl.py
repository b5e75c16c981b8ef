"""JSON lines: one object a line, with either `tokens` and `tags` or `text` and `spans`.

    {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"}
    {"text": "Ann sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ann sings", "spans": [[0, 3, "PER"]]}

Span offsets count Unicode characters, the end exclusive. A text is split by `tagging.tokenizer.tokenize`, as
in the served model. Other keys are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from corpus.errors import BadLine
from corpus.formats.alignment import CharacterSpan, align, token_offsets
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import Note, Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, tags_of
from tagging.tokenizer import tokenize


class _Row(msgspec.Struct):
    tokens: list[str] | None = None
    tags: list[str] | None = None
    text: str | None = None
    spans: list[Any] | None = None
    domain: str | None = None


class _Span(msgspec.Struct):
    start: int
    end: int
    label: str


_DECODER = msgspec.json.Decoder(_Row)
_WITHOUT_TOKENS = Record(None, notes=(Note(0, "sentence without tokens", "left out", "D212"),))
_SYNTAX = "write one object a line (jq -c '.[]' makes lines of an array), or correct the syntax"
_REMEDY = "correct the line, or leave it out"


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one line.

    Raises:
        BadLine: not JSON, neither of the two forms, lists of different lengths, an invalid token or tag, or a
            span outside the text.
    """
    line = lines[0]
    row = _row(line)
    if _is_tagged(row):
        return _from_tokens(line, row)
    return _from_text(line, row, options)


def form_of(line: str) -> Literal["tagged", "marked"]:
    """Return which of the two forms a line has: tokens with tags, or a text with spans.

    Raises:
        BadLine: not JSON, or neither of the two.
    """
    return "tagged" if _is_tagged(_row(line)) else "marked"


def _is_tagged(row: _Row) -> bool:
    """Whether a row has tokens and tags, which take precedence over a text and spans."""
    return row.tokens is not None and row.tags is not None


def _row(line: str) -> _Row:
    try:
        row = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise _bad(line, f"JSON of another form ({error})", remedy=_SYNTAX) from None
    except msgspec.DecodeError as error:
        surrogate = _unpaired_surrogate(line)
        if surrogate:
            raise _bad(
                line,
                f"half a surrogate pair ({surrogate})",
                expected="whole characters",
                remedy="write both halves, such as \\ud83d\\ude00, or the character itself",
                code="D116",
            ) from None
        raise _bad(line, f"not JSON ({error})", expected="a JSON object", remedy=_SYNTAX) from None
    if not _is_tagged(row) and (row.text is None or row.spans is None):
        raise _bad(line, "an object without `tokens` and `tags`, and without `text` and `spans`")
    return row


def _unpaired_surrogate(line: str) -> str:
    """Find the first unpaired surrogate, which the standard library accepts and msgspec rejects; "" if none."""
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    surrogate = re.search("[\ud800-\udfff]", text)
    return f"\\u{ord(surrogate[0]):04x}" if surrogate else ""


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


def _from_tokens(line: str, row: _Row) -> Record:
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
    require_valid_words(tokens, tags, places, [line], spaced=("token", "tag"))
    starts, ends = token_offsets(row.text, tokens) if row.text else (None, None)
    return Record(
        Sentence(tuple(tokens), tuple(tags), row.text or None, starts, ends, row.domain or None), places
    )


def _from_text(line: str, row: _Row, options: ReadOptions) -> Record:
    text = row.text or ""
    pieces = tokenize(text, options.text_tokenizer)
    if not pieces:
        return _WITHOUT_TOKENS
    tokens, starts, ends = zip(*pieces, strict=True)
    alignment = align(text, [parse_span(line, text, span) for span in row.spans or ()], starts, ends)
    tags = tuple(tags_of(alignment.spans, len(tokens), BIO))
    places = (0,) * len(tokens)
    require_valid_words(tokens, tags, places, [line], spaced=("tag",))
    notes = tuple(Note(0, *settled) for settled in alignment.settled)
    return Record(
        Sentence(tokens, tags, text, starts, ends, row.domain or None, tuple(alignment.spans)), places, notes
    )


def parse_span(line: str, text: str, value: object) -> CharacterSpan:
    """Parse a span of a text, written as an object or as a list of three.

    Raises:
        BadLine: it is neither, lies outside the text or has no label.
    """
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3:
        value = dict(zip(("start", "end", "label"), value, strict=True))
    try:
        span = msgspec.convert(value, _Span)
    except msgspec.ValidationError as error:
        raise _bad(
            line,
            f"span {value!r} ({error})",
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
