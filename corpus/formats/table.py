"""The table of file formats.

A new format is one file with a function `parse(lines, options) -> Record` and one row of `FORMATS` here. It
must also be added to `corpus.options.Format`, which settings accept, and to `corpus.repair.records.REPAIRS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from corpus.formats import conll, conllu, jsonl
from corpus.options import ReadOptions
from corpus.raw_records import Unit
from corpus.record import Record


class FileFormat(NamedTuple):
    """How files of one format are read.

    Attributes:
        unit: what a record is: the block between blank lines, or the line.
        parse: parses a record's lines; raises `BadLine`.
        endings: the endings of file names that mean this format, `.gz` removed.
    """

    unit: Unit
    parse: Callable[[list[str], ReadOptions], Record]
    endings: tuple[str, ...]


FORMATS: dict[str, FileFormat] = {
    "conll": FileFormat("block", conll.parse, (".conll", ".txt", ".tsv", ".iob", ".bio")),
    "conllu": FileFormat("block", conllu.parse, (".conllu",)),
    "jsonl": FileFormat("line", jsonl.parse, (".jsonl", ".json")),
}
# The format of files with any other ending.
DEFAULT = "conll"

ENDINGS: dict[str, str] = {ending: name for name, row in FORMATS.items() for ending in row.endings}


def format_of(path: str | PurePath, options: ReadOptions) -> FileFormat:
    """Return the format named by the options, or else by the file's ending."""
    return FORMATS[format_name(path, options)]


def format_name(path: str | PurePath, options: ReadOptions) -> str:
    """Return the key in `FORMATS` of the format named by the options, or else by the file's ending."""
    if options.format != "auto":
        return options.format
    name = PurePath(path).name.lower().removesuffix(".gz")
    return ENDINGS.get(PurePath(name).suffix, DEFAULT)
