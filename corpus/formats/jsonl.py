"""JSON lines: an example a line, with either `tokens` and `tags` or `text` and `spans`.

    {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"}
    {"text": "Ann sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ann sings", "spans": [[0, 3, "PER"]]}

or as an annotation tool exports it: `corpus.formats.json_rows` has their forms. Span offsets count Unicode
characters, the end exclusive; blanks at a span's ends do not belong to it. A text is split by
`tagging.tokenizer.tokenize`, as in the served model, unless the tool has written its tokens. Other keys are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from corpus.errors import BadLine
from corpus.formats.alignment import CharacterSpan, align, token_offsets
from corpus.formats.json_rows.forms import row_of
from corpus.formats.json_rows.marked_text import is_bare as is_bare_row
from corpus.formats.json_rows.row import EXPECTED, Row
from corpus.formats.labels import label_notes
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import Note, Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, tags_of
from tagging.tokenizer import tokenize


class _Tagged(msgspec.Struct):
    """The usual line, decoded without a detour. A tool's key sends a line to the other forms."""

    tokens: list[str]
    tags: list[str]
    text: str | None = None
    domain: str | None = None
    answer: None = None


class _Marked(msgspec.Struct):
    text: str
    spans: list[Any]
    tokens: list[str] | None = None
    domain: str | None = None
    answer: None = None


class _Span(msgspec.Struct):
    start: int
    end: int
    label: str


_TAGGED = msgspec.json.Decoder(_Tagged)
_MARKED = msgspec.json.Decoder(_Marked)
_ANY = msgspec.json.Decoder()
_WITHOUT_TOKENS = Record(None, notes=(Note(0, "sentence without tokens", "left out", "D212"),))
_SYNTAX = "write one object a line (jq -c '.[]' makes lines of an array), or correct the syntax"
_REMEDY = "correct the line, or leave it out"


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one line.

    Raises:
        BadLine: not JSON, none of the forms, lists of different lengths, an invalid token or tag, or a span
            outside the text.
    """
    line = lines[0]
    row = _usual(line, options)
    if row is None:
        try:
            row = row_of(_decoded(line), options)
        except BadLine as error:
            error.shown = error.shown or line
            raise
    return record_of(line, row, options)


def record_of(line: str, row: Row, options: ReadOptions) -> Record:
    """Make the record of an example; `line` is shown in errors.

    Raises:
        BadLine: as of `parse`, but for the form.
    """
    if row.left_out:
        return Record(None, notes=(Note(0, row.left_out, "example left out", "D305"),))
    if row.tags is not None:
        return _from_tokens(line, row, row.tags)
    return _from_text(line, row, options)


def form_of(line: str, options: ReadOptions) -> Literal["tagged", "marked"]:
    """Return which of the project's own two forms a line has: tokens with tags, or a text with spans.

    Raises:
        BadLine: not JSON, or of another form.
    """
    if _usual(line, options) is not None:
        return "tagged"
    try:
        _MARKED.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _bad(line, f"JSON of another form ({error})") from None
    return "marked"


def is_bare(line: str) -> bool:
    """Whether a line is a text that nobody has annotated, as far as it says."""
    return is_bare_row(_decoded(line))


def _usual(line: str, options: ReadOptions) -> Row | None:
    """Decode a line of tokens with tags; None for any other."""
    if isinstance(options.tag_column, str):
        return None
    try:
        row = _TAGGED.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Row(row.tokens, row.tags, row.text, domain=row.domain)


def _decoded(line: str) -> Any:
    try:
        return _ANY.decode(line)
    except RecursionError:
        raise _bad(line, "JSON nested too deep", expected="an example a line", remedy=_SYNTAX) from None
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


def _unpaired_surrogate(line: str) -> str:
    """Find the first unpaired surrogate, which the standard library accepts and msgspec rejects; "" if none."""
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    surrogate = re.search("[\ud800-\udfff]", text)
    return f"\\u{ord(surrogate[0]):04x}" if surrogate else ""


def _bad(
    line: str, found: str, *, expected: str = EXPECTED, remedy: str = _REMEDY, code: str = "D101"
) -> BadLine:
    return BadLine(0, found, expected=expected, remedy=remedy, shown=line, code=code)


def _from_tokens(line: str, row: Row, tags: list[str]) -> Record:
    tokens = row.tokens or []
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
    spaced = (tag for tag in tags if " " in tag)
    return Record(
        Sentence(tuple(tokens), tuple(tags), row.text or None, starts, ends, row.domain or None),
        places,
        (*row.notes, *label_notes(spaced)),
    )


def _from_text(line: str, row: Row, options: ReadOptions) -> Record:
    text = row.text or ""
    if row.tokens is None:
        pieces = tokenize(text, options.text_tokenizer)
        tokens, starts, ends = zip(*pieces, strict=True) if pieces else ((), (), ())
    else:
        tokens = tuple(row.tokens)
        starts, ends = _given_offsets(line, text, tokens)
    if not tokens:
        return _WITHOUT_TOKENS
    alignment = align(text, [parse_span(line, text, span) for span in row.spans], starts, ends)
    tags = tuple(tags_of(alignment.spans, len(tokens), BIO))
    places = (0,) * len(tokens)
    require_valid_words(tokens, tags, places, [line], spaced=("token", "tag"))
    notes = tuple(Note(0, *settled) for settled in alignment.settled)
    return Record(
        Sentence(tokens, tags, text, starts, ends, row.domain or None, tuple(alignment.spans)),
        places,
        (*row.notes, *notes, *label_notes(span.label for span in alignment.spans)),
    )


def _given_offsets(line: str, text: str, tokens: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    starts, ends = token_offsets(text, tokens)
    if starts is None or ends is None:
        raise _bad(
            line,
            "tokens of which the text does not consist",
            expected="the text's tokens in order, with only white space between them",
            remedy="correct `tokens`, or remove it: the text is cut into tokens then",
        )
    return starts, ends


def parse_span(line: str, text: str, value: object) -> CharacterSpan:
    """Parse a span of a text, written as an object or as a list of three.

    Blanks at its ends are cut off, unless it holds nothing else; runs of white space in its label are one space.

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
            f"span {str(value)[:200]} ({error})",
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
    label = " ".join(span.label.split())
    if not label:
        raise _bad(line, f"span {span.start}-{span.end} without a label", expected="a label")
    covered = text[span.start : span.end]
    inner = covered.strip()
    if not inner:
        return CharacterSpan(span.start, span.end, label)
    start = span.start + len(covered) - len(covered.lstrip())
    return CharacterSpan(start, start + len(inner), label)
