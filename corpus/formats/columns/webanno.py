r"""WebAnno TSV 3, which INCEpTION exports too: columns of annotation layers, a block a sentence.

    #FORMAT=WebAnno TSV 3.3
    #T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value

    #Text=Ann Lee sings
    1-1<TAB>0-3<TAB>Ann<TAB>_<TAB>PER[1]
    1-2<TAB>4-7<TAB>Lee<TAB>_<TAB>PER[1]
    1-3<TAB>8-13<TAB>sings<TAB>_<TAB>_

`#T_SP`, `#T_CH` and `#T_RL` name the columns after the third. A cell is `_` without annotation, `*` for an annotation
without a value, which then is called by its layer; `[1]` is the same on all tokens of one annotation, `A|B` are two
annotations of one token, and `\` stands before a character that would mean something else. Rows of parts of a token
(`1-1.1`) belong to the whole token.

The feature that is read is the only one of the span layers, or `value` (that of NamedEntity, if there are several),
or the one that `tag_column` names: `value`, or `NamedEntity.value`. A feature of the layer POS is a plain tag.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from corpus.errors import BadLine
from corpus.formats.alignment import token_offsets
from corpus.formats.header import Header
from corpus.formats.labels import label_notes
from corpus.formats.words import require_valid_words
from corpus.options import ReadOptions
from corpus.record import NOTHING, Note, Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, tags_of
from tagging.spans import Span

BEGINS = re.compile(r"#FORMAT=WebAnno TSV 3")

_LAYER = re.compile(r"#T_(SP|CH|RL)=([^|]*)(?:\|(.*))?")
_ID = re.compile(r"\d+-(\d+)((?:\.\d+)?)")
_ANNOTATIONS = re.compile(r"(?:\\.|[^\\|])+")
_ANNOTATION = re.compile(r"((?:\\.|[^\\])*?)(?:\[(\d+)\])?")
_NOTHING, _WITHOUT_VALUE = "_", "*"
# ID, offsets and token.
_FIXED = 3


class _Annotation(NamedTuple):
    """An annotation of the tokens `first` to `last`."""

    first: int
    last: int
    label: str
    line: int


def with_header(header: Header, options: ReadOptions) -> ReadOptions:
    """Add the columns that the header names, `Layer.feature`; those of relations and chains are empty."""
    columns: list[str] = []
    for match in filter(None, map(_LAYER.fullmatch, header.lines)):
        kind, layer, features = match.groups()
        names = [f"{layer.rpartition('.')[2]}.{name}" for name in (features or "").split("|")]
        columns += names if kind == "SP" else [""] * len(names)
    return msgspec.structs.replace(options, columns=tuple(columns))


def parse(lines: list[str], options: ReadOptions) -> Record:
    """Parse one block.

    Raises:
        BadLine: a row without ID, a wrong number of columns, no one feature to read, an empty token, or white
            space or a control character in a token or label.
    """
    rows = [(index, line.split("\t")) for index, line in enumerate(lines) if line[:1] != "#"]
    if not rows:
        return NOTHING
    at, layer = _column(options)
    tokens: list[str] = []
    places: list[int] = []
    cells: list[tuple[int, int, str]] = []
    notes: list[Note] = []
    for index, row in rows:
        match = _ID.fullmatch(row[0])
        if match is None or (match[2] and not tokens):
            raise _bad(
                index,
                lines,
                f"ID {row[0]!r}",
                "sentence and token (1-1), or a part of a token (1-1.1)",
                "D101",
            )
        if len(row) <= at or len(row) - _FIXED - len(options.columns) not in (0, 1):
            found = f"{len(row)} column{'s' * (len(row) != 1)} separated by a tab"
            raise _bad(
                index,
                lines,
                found,
                f"{_FIXED + len(options.columns)}: #T_ lines name those after the third",
                "D108",
            )
        if not match[2]:
            tokens.append(row[2])
            places.append(index)
        elif row[at] != _NOTHING:
            found = f"{_plain(row[at])} on the part {row[2]!r} of the token {tokens[-1]!r}"
            notes.append(Note(index, found, "taken as the whole token", "D202"))
        cells.append((len(tokens) - 1, index, row[at]))
    text = _text(lines)
    starts, ends = token_offsets(text, tokens) if text else (None, None)
    spans: tuple[Span, ...] | None = None
    if layer == "POS":
        tags = [_NOTHING] * len(tokens)
        for token, _, cell in reversed(cells):
            first = next(iter(_ANNOTATIONS.findall(cell)), _NOTHING)
            tags[token] = _plain(re.sub(r"(?<!\\)\[\d+\]$", "", first))
    else:
        kept, dropped = _settled(_annotations(cells, layer), tokens)
        spans = tuple(Span(each.first, each.last + 1, each.label) for each in kept)
        tags = tags_of(spans, len(tokens), BIO)
        notes += [*dropped, *label_notes(span.label for span in spans)]
    require_valid_words(tokens, tags, places, lines, spaced=("token", "tag"))
    return Record(Sentence(tuple(tokens), tuple(tags), text, starts, ends, spans=spans), places, tuple(notes))


def _bad(index: int, lines: list[str], found: str, expected: str, code: str) -> BadLine:
    return BadLine(
        index,
        found,
        expected=expected,
        remedy="export the file again, or correct the line",
        shown=lines[index],
        code=code,
    )


def _column(options: ReadOptions) -> tuple[int, str]:
    """Return the index of the column that is read, and the name of its layer.

    Raises:
        BadLine: there is none, or it cannot be told which.
    """
    columns = options.columns
    names = [name for name in columns if name]
    if isinstance(options.tag_column, str):
        wanted = options.tag_column.lower()
        found = [name for name in names if wanted in (name.lower(), name.lower().rpartition(".")[2])]
        found = found or [name for name in names if wanted == name.lower().rpartition(".")[0]]
    else:
        found = names if len(names) == 1 else [name for name in names if name.endswith(".value")]
        found = [name for name in found if name == "NamedEntity.value"] or found
    if len(found) != 1:
        named = f"tag_column {options.tag_column}, which is " if isinstance(options.tag_column, str) else ""
        raise BadLine(
            0,
            f"{named}{'no' if not found else 'more than one'} feature that could be the tag "
            f"(the file has {', '.join(names) or 'no layer of spans'})",
            expected="one feature of a span layer",
            remedy="name it: corpus.tag_column=Layer.feature",
            code="D108",
        )
    return _FIXED + columns.index(found[0]), found[0].rpartition(".")[0]


def _text(lines: list[str]) -> str | None:
    parts = [line.removeprefix("#Text=") for line in lines if line.startswith("#Text=")]
    text = re.sub(r"\\(.)", lambda match: " " if match[1] in "tnr" else match[1], " ".join(parts))
    return text or None


def _plain(value: str) -> str:
    """Return a value without its escapes, with single spaces."""
    return " ".join(re.sub(r"\\(.)", lambda match: " " if match[1] in "tnr" else match[1], value).split())


def _annotations(cells: list[tuple[int, int, str]], layer: str) -> list[_Annotation]:
    """Put the annotations of the tokens together; cells are (token, line, cell)."""
    found: list[_Annotation] = []
    numbered: dict[str, int] = {}
    for token, line, cell in cells:
        for part in _ANNOTATIONS.findall(cell) if cell != _NOTHING else ():
            match = _ANNOTATION.fullmatch(part)
            value, number = (match[1], match[2]) if match else (part, None)
            if value == _NOTHING:
                continue
            if number in numbered:
                at = numbered[number]
                found[at] = found[at]._replace(last=token)
                continue
            if number is not None:
                numbered[number] = len(found)
            found.append(_Annotation(token, token, layer if value == _WITHOUT_VALUE else _plain(value), line))
    return found


def _settled(found: list[_Annotation], tokens: list[str]) -> tuple[list[_Annotation], list[Note]]:
    """Keep of annotations with a common token the one that begins first, of equal beginnings the longer."""
    kept: list[_Annotation] = []
    notes = []
    for each in sorted(found, key=lambda one: (one.first, -one.last)):
        if not kept or each.first > kept[-1].last:
            kept.append(each)
            continue
        winner = kept[-1]
        words, winning = (" ".join(tokens[one.first : one.last + 1]) for one in (each, winner))
        same = each[:3] == winner[:3]
        notes.append(
            Note(
                each.line,
                f"{each.label} {words!r} {'given twice' if same else 'meets another annotation in a token'}",
                "kept once" if same else f"dropped for {winner.label} {winning!r}",
                "D209" if same else "D210",
            )
        )
    return kept, notes
