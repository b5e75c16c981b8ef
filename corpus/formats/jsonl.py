"""JSON lines: an object a line, either `tokens` and `tags`, or `text` and `spans`.

    {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"}
    {"text": "Ann sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ann sings", "spans": [[0, 3, "PER"]]}

Span offsets count Unicode characters, the end exclusive. A text is cut by `tagging.tokenizer.tokenize`, the
cut that the served model makes too. Spans are written as tags of the scheme the options name, or BIO. Other
keys are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
_WITHOUT_TOKENS = Record(None, notes=(Note(0, "sentence without tokens", "left out"),))
_SYNTAX = "write one object a line (jq -c '.[]' makes lines of an array), or correct the syntax"
_REMEDY = "correct the line, or leave it out"


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Reads one line.

    Raises:
        BadLine: not JSON, neither of the two forms, lists of different lengths, an unfit token or tag, or
            a span outside the text.
    """
    line = lines[0]
    try:
        row = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise _bad(line, f"JSON of another form ({error})", remedy=_SYNTAX) from None
    except msgspec.DecodeError as error:
        raise _bad(line, f"not JSON ({error})", expected="a JSON object", remedy=_SYNTAX) from None
    if row.tokens is not None and row.tags is not None:
        return _from_tokens(line, row)
    if row.text is not None and row.spans is not None:
        return _from_text(line, row, options)
    raise _bad(line, "an object without `tokens` and `tags`, and without `text` and `spans`")


def _bad(line: str, found: str, *, expected: str = "", remedy: str = _REMEDY) -> BadLine:
    return BadLine(
        0,
        found,
        expected=expected
        or '{"tokens": [...], "tags": [...]} or {"text": "...", "spans": [[start, end, label]]}',
        remedy=remedy,
        shown=line,
    )


def _from_tokens(line: str, row: _Tagged) -> Record:
    tokens, tags = row.tokens or [], row.tags or []
    if len(tokens) != len(tags):
        raise _bad(line, f"{len(tokens)} tokens and {len(tags)} tags", expected="one tag for every token")
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
    spans = [_span(line, text, given) for given in row.spans or ()]
    placed, settled = aligned(text, spans, starts, ends)
    named = BIO if options.scheme.lower() == "auto" else scheme_named(options.scheme)
    tags = tuple(tags_of(placed, len(tokens), BIO if named is PLAIN else named))
    places = (0,) * len(tokens)
    reject_unfit(tokens, tags, places, [line])
    notes = tuple(Note(0, found, became) for found, became in settled)
    return Record(Sentence(tokens, tags, text, starts, ends, row.domain or None), places, notes)


def _span(line: str, text: str, given: object) -> CharacterSpan:
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
        )
    if not span.label:
        raise _bad(line, f"span {span.start}-{span.end} without a label", expected="a label")
    return CharacterSpan(span.start, span.end, span.label)
