"""The table of file formats, and how a file's format is told; docs/formats.md describes them all.

A new format is one file and one row of `FORMATS` here. It must also be added to `corpus.options.Format`, which
settings accept, and, unless it is rewritten, to `corpus.repair.records.REPAIRS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from corpus.formats import jsonl
from corpus.formats.columns import conll, conllu, webanno
from corpus.formats.header import Header
from corpus.formats.rewritten import brat, csv_rows, json_array, parallel
from corpus.formats.rewritten.rewriting import Beside
from corpus.options import ReadOptions, Tokenizer
from corpus.raw_records import Unit, without_bom
from corpus.record import Record


class FileFormat(NamedTuple):
    """How files of one format are read.

    Attributes:
        unit: what a record is: the block between blank lines, or the line.
        parse: parses a record's lines; raises `BadLine`.
        endings: the endings of file names that mean this format, `.gz` removed.
        begins: what the first line of such a file matches, if files with endings of other formats may be of
            this one.
        header: reads what the first lines say about all records, and returns the options with it.
        unpack: of a format that is no sequence of records: rewrites a file, given its path, its lines and its
            neighbours, as lines of `jsonl`, each on the line where the sentence begins if that is possible.
    """

    unit: Unit
    parse: Callable[[list[str], ReadOptions], Record]
    endings: tuple[str, ...]
    begins: re.Pattern[str] | None = None
    header: Callable[[Header, ReadOptions], ReadOptions] | None = None
    unpack: Callable[[str, Iterable[bytes], Beside, ReadOptions], Iterator[bytes]] | None = None


FORMATS: dict[str, FileFormat] = {
    "conll": FileFormat(
        "block",
        conll.parse,
        (
            ".conll",
            ".conllup",
            ".txt",
            ".tsv",
            ".iob",
            ".iob2",
            ".bio",
            ".bioes",
            ".iobes",
            ".bilou",
            ".bmes",
            ".ner",
            ".pos",
        ),
        header=conll.with_header,
    ),
    "conllu": FileFormat("block", conllu.parse, (".conllu",), conllu.BEGINS, header=conllu.with_header),
    "webanno": FileFormat("block", webanno.parse, (), webanno.BEGINS, header=webanno.with_header),
    "jsonl": FileFormat("line", jsonl.parse, (".jsonl", ".json", ".ndjson")),
    "json": FileFormat("line", jsonl.parse, (), json_array.BEGINS, unpack=json_array.unpack),
    "csv": FileFormat("line", csv_rows.parse, (".csv",), unpack=csv_rows.unpack),
    "brat": FileFormat("line", brat.parse, (".ann",), unpack=brat.unpack),
    "parallel": FileFormat("line", jsonl.parse, (".in",), unpack=parallel.unpack),
}
# The format of files with any other ending.
DEFAULT = "conll"

# At the end of the name of one of several files that one has been cut into.
PART = re.compile(r"-\d{3,}-of-\d{3,}$")

ENDINGS: dict[str, str] = {ending: name for name, row in FORMATS.items() for ending in row.endings}


class FileReader(NamedTuple):
    """How one file is read: its format, and the options with what its header says. Picklable.

    Attributes:
        format: the key in `FORMATS`.
        options: for `parse`.
    """

    format: str
    options: ReadOptions

    @property
    def unit(self) -> Unit:
        """What a record of the file is."""
        return FORMATS[self.format].unit

    @property
    def packed(self) -> bool:
        """Whether the file is no sequence of records before `lines` has rewritten it."""
        return FORMATS[self.format].unpack is not None

    def with_tokenizer(self, tokenizer: Tokenizer) -> FileReader:
        """Return the same reader with the tokenizer that was recognised."""
        return self._replace(options=msgspec.structs.replace(self.options, tokenizer=tokenizer))

    def lines(self, path: str, stream: Iterable[bytes], beside: Beside) -> Iterable[bytes]:
        """Return the lines that records are cut from: the file's own, or those that it is rewritten as."""
        unpack = FORMATS[self.format].unpack
        return stream if unpack is None else unpack(path, stream, beside, self.options)

    def parse(self, lines: list[str]) -> Record:
        """Parse the lines of a record.

        Raises:
            BadLine: as the format's own `parse`.
        """
        return FORMATS[self.format].parse(lines, self.options)


def reader_of(path: str | PurePath, options: ReadOptions, head: bytes = b"") -> FileReader:
    """Tell how a file is read, by the options, else by its first line, else by the ending of its name.

    Args:
        path: the file.
        options: `format` names the format.
        head: its first bytes, unpacked, at least the first line.
    """
    header = Header.of(without_bom(head))
    name = format_name(path, options, header)
    row = FORMATS[name]
    return FileReader(name, options if row.header is None else row.header(header, options))


def format_name(path: str | PurePath, options: ReadOptions, header: Header) -> str:
    """Return the key in `FORMATS` of a file's format."""
    if options.format != "auto":
        return options.format
    for name, row in FORMATS.items():
        if row.begins is not None and row.begins.match(header.first):
            return name
    return ENDINGS.get(plain_suffix(PurePath(path).name), DEFAULT)


def plain_suffix(name: str) -> str:
    """Return the ending of a file name in lower case, without `.gz` and the number of a part (`-00001-of-00004`)."""
    return PurePath(PART.sub("", name.lower().removesuffix(".gz"))).suffix
