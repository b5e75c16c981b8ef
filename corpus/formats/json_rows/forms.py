"""The table of forms: the first that takes a value reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from corpus.formats.json_rows import hugging_face, label_studio, marked_text, prodigy, spacy
from corpus.formats.json_rows.row import Row, kind, list_inside, misfit
from corpus.options import ReadOptions

# Each returns None for a value that is not of its form, and raises `BadLine` for one that is, but wrong. The
# names are told.
FORMS: dict[Callable[[Any, ReadOptions], Row | None], str] = {
    # First, since rejected examples may have any other form too.
    prodigy.read: "Prodigy",
    spacy.read_pair: "texts and entities in pairs, as of spaCy 2",
    spacy.read_document: "spaCy 2",
    spacy.read_sentence: "spaCy 2",
    label_studio.read_task: "Label Studio",
    hugging_face.read: "tokens and tags",
    # Before the texts with spans: its spans may stand under any key.
    label_studio.read_min: "Label Studio, JSON_MIN",
    marked_text.read: "texts with spans",
}


def name_of(line: str, options: ReadOptions) -> str:
    """Name the form of a line of JSON.

    Raises:
        BadLine: it is of none.
    """
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        raise misfit("not JSON") from None
    for read, name in FORMS.items():
        if read(value, options) is not None:
            return name
    raise misfit("JSON of another form")


def row_of(value: Any, options: ReadOptions) -> Row:
    """Read a decoded line of JSON, whatever tool has written it.

    Raises:
        BadLine: it is of no known form, or a wrong one of a known form.
    """
    for read in FORMS:
        row = read(value, options)
        if row is not None:
            return row
    if not isinstance(value, dict):
        raise misfit(f"JSON of another form ({kind(value)})")
    keys = ", ".join(list(value)[:8]) or "none"
    found = f"an object without `tokens` and `tags`, and without `text` and `spans` (its keys: {keys})"
    inside = list_inside(value)
    if inside:
        raise misfit(found, remedy=f"write its list alone, a line each: jq -c '.{inside}[]' IN > OUT.jsonl")
    raise misfit(found)
