"""Sentences for writers, written and read back through files."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from corpus.options import ReadOptions
from corpus.reading.sentences import records
from corpus.reading.training_tags import parse_tags
from corpus.sentence import Sentence
from corpus.writing.convert import Conversion, convert
from corpus.writing.losses import Losses
from corpus.writing.table import FORMS
from corpus.writing.tagged import Tagged, Target
from tagging.notation import notation_of_scheme
from tagging.schemes import BIO, tags_of
from tagging.spans import Span

READ = ReadOptions(scheme="BIO")
# What reads the forms' own files.
READ_BACK = {"conllu": ReadOptions(scheme="BIO", tag_column="misc.NER")}

WORDS = st.sampled_from(
    ["Ann", "so", "é", "7", ".", "#", "#tag", "#a=b", "-DOCSTART-", "-DOCSTART-x", "\ufeff",
     "\ufeffa", "10 000", "# x", "_", "1-2", "O", "B-A", "|", "a|b", "\\", '"', "\U0001f600", "e\u0301", "don't",
     "日本", "[", "{}"]
)  # fmt: skip
LABELS = st.sampled_from(["PER", "Invoice Number", "creative-work", "a=b", "a|b", "O", "B-A", "é"])
SEPARATORS = st.sampled_from([" ", " ", "  ", "", "\n", "\t", "\u2028", "\u3000"])
DOMAINS = st.sampled_from([None, None, "news", "a = b", " x", "a\nb", "#"])


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[str], list[Span]]:
    """Tokens, and spans that do not overlap."""
    tokens = draw(st.lists(WORDS, min_size=1, max_size=6))
    cuts = sorted(draw(st.sets(st.integers(0, len(tokens)))))
    spans = [Span(start, end, draw(LABELS)) for start, end in pairwise(cuts) if draw(st.booleans())]
    return tokens, spans


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A line of JSON of either form."""
    tokens, spans = draw(tagged())
    domain = draw(DOMAINS)
    row: dict[str, Any] = {} if domain is None else {"domain": domain}
    if not draw(st.booleans()):
        return row | {"tokens": tokens, "tags": tags_of(spans, len(tokens), BIO)}
    text, starts, ends = draw(st.sampled_from(["", "", " "])), [], []
    for token in tokens:
        starts.append(len(text))
        text += token
        ends.append(len(text))
        text += draw(SEPARATORS)
    if draw(st.booleans()):
        return row | {"tokens": tokens, "tags": tags_of(spans, len(tokens), BIO), "text": text}
    places = [{"start": starts[s.start], "end": ends[s.end - 1], "label": s.label} for s in spans]
    return row | {"text": text, "spans": places}


def target(scheme: str = "BIO") -> Target:
    return Target(notation_of_scheme(scheme), READ, Losses())


def of(*tokens: str, spans: tuple[Span, ...] = (), **more: Any) -> Tagged:
    """A sentence of entities."""
    return Tagged(1, Sentence(tokens, ("O",) * len(tokens), **more), spans)


def plain(*pairs: tuple[str, str]) -> Tagged:
    """A sentence of plain tags."""
    return Tagged(1, Sentence(tuple(word for word, _ in pairs), tuple(tag for _, tag in pairs)), None)


def converted(folder: Path, form: str, rows: list[dict[str, Any]], scheme: str | None = None) -> Conversion:
    """Write rows of JSON to `in.jsonl`, and convert it to `out` with the form's ending."""
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return convert(folder / "in.jsonl", folder / f"out{FORMS[form].ending}", READ, form=form, scheme=scheme)


def read(path: Path, options: ReadOptions = READ, scheme: str = "BIO") -> list[tuple[Sentence, list[Span]]]:
    """Read a file of entities."""
    notation = notation_of_scheme(scheme)
    return [
        (record.sentence, parse_tags(record, notation).spans)
        for _, record in records(path, options)
        if record.sentence is not None
    ]
