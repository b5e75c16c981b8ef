"""The file formats: for each a pure function `parse(lines, options) -> Record`, and a table to find it by.

A format is data to the rest: how its files are cut into records, and what reads one record.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from corpus.blocks import Unit
from corpus.formats import conll, conllu, jsonl
from corpus.options import ReadOptions
from corpus.record import Record


class FileFormat(NamedTuple):
    """How files of one format are read.

    Attributes:
        unit: what a record is: the block between blank lines, or the line.
        parse: from a record's lines to a sentence; raises `BadLine`.
    """

    unit: Unit
    parse: Callable[[list[str], ReadOptions], Record]


FORMATS: dict[str, FileFormat] = {
    "conll": FileFormat("block", conll.parse),
    "conllu": FileFormat("block", conllu.parse),
    "jsonl": FileFormat("line", jsonl.parse),
}

# By the file's ending, `.gz` taken off; any other is CoNLL.
_ENDINGS = {".conllu": "conllu", ".jsonl": "jsonl", ".json": "jsonl"}


def format_of(path: str | PurePath, options: ReadOptions) -> FileFormat:
    """The format that the options name, or that the file's ending tells."""
    return FORMATS[format_name(path, options)]


def format_name(path: str | PurePath, options: ReadOptions) -> str:
    """Its key in `FORMATS`."""
    if options.format != "auto":
        return options.format
    name = PurePath(path).name.lower().removesuffix(".gz")
    return _ENDINGS.get(PurePath(name).suffix, "conll")
