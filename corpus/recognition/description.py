"""How a file is read, in a few words, so that a person sees what was recognised."""

from __future__ import annotations

from pathlib import Path

from corpus.errors import BadLine, CorpusError
from corpus.formats.columns import conllu
from corpus.formats.json_rows.forms import name_of
from corpus.formats.table import FileReader
from corpus.options import ReadOptions
from corpus.raw_records import lines_of, raw_records
from corpus.reading.files import reader_for, unpacked_lines
from corpus.recognition.first_lines import blocks_of, places_of


def described(path: Path, options: ReadOptions) -> str:
    """Say how a file is read: its format, and where tokens and tags stand."""
    reader = reader_for(path, options)
    if reader.format == "conllu":
        try:
            places = conllu.columns(reader.options)
        except BadLine:
            return reader.format
        token, tag = (conllu.names(reader.options)[at] for at in places)
        key = f", {reader.options.tag_column}" if conllu.key_of(reader.options) else ""
        return f"conllu (tokens {token}, tags {tag}{key})"
    if reader.format in ("jsonl", "json"):
        return f"{reader.format}{_json_form(path, reader)}"
    blocks = blocks_of(path, options)
    if not blocks:
        return reader.format
    token_at, tag_at = places_of(blocks, options)
    shown = {None: "spaces", "\t": "tabs", " ": "spaces"}.get(
        reader.options.separator, reader.options.separator
    )
    columns = f"tokens in column {token_at}, tags in column {tag_at} of {len(blocks[0][0])}"
    return f"conll ({columns}, separated by {shown})"


def _json_form(path: Path, reader: FileReader) -> str:
    """Name the form of the first example in brackets; nothing if it cannot be read."""
    try:
        first = next(iter(raw_records(unpacked_lines(path, reader), reader.unit)), None)
        return "" if first is None else f" ({name_of(lines_of(first.raw)[0], reader.options)})"
    except (BadLine, CorpusError):
        return ""
