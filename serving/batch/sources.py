"""What is tagged: the files, and the sentences of any stretch of one.

A file that ends in `.txt` (or `.txt.gz`) holds a text a line, which the model cuts into tokens itself; each line
is one, an empty one too. Any other is a corpus file, read as everywhere else (`corpus.reading`), whose tokens stay
as they are. Its tags are kept to score against. A line of JSON may go without: `{"tokens": [...]}` or
`{"text": "..."}`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import BadLine, CorpusError
from corpus.formats.table import format_of
from corpus.options import ReadOptions
from corpus.raw_records import lines_of, raw_records, without_bom
from corpus.reading.files import lines_within_limit, open_corpus_file, require_utf8
from corpus.record import Record
from corpus.splits.layout import is_file_name
from tagging.schemes import OUTSIDE


class Given(NamedTuple):
    """A sentence as it was given.

    Attributes:
        line: the 1-based line it begins on.
        offset: the byte (unpacked) it begins at.
        record: what a corpus file says; None for a text.
        text: the text of a `.txt` file's line.
        tagged: whether it came with tags.
    """

    line: int
    offset: int
    record: Record | None
    text: str | None
    tagged: bool = True

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens of a corpus file's sentence; none of an empty one, or of a text."""
        sentence = self.record.sentence if self.record else None
        return sentence.tokens if sentence else ()

    @property
    def size(self) -> int:
        """Tokens; of a text about as many."""
        return len(self.tokens) if self.text is None else len(self.text) // 5


def is_text(path: Path) -> bool:
    """Whether a file holds a text a line."""
    return path.name.lower().removesuffix(".gz").endswith(".txt")


def input_files(source: Path) -> tuple[Path, ...]:
    """The file, or the corpus and text files below a folder, in order of their names.

    Raises:
        CorpusError: nothing there to read, or a folder that cannot be: what is in it must not be left out unsaid.
    """
    try:
        if source.is_file():
            return (source,)
        if not source.is_dir():
            raise CorpusError("no such file or folder", path=source, remedy="check --input")
        found = tuple(sorted(_files_below(source)))
    except OSError as error:
        raise CorpusError(
            error.strerror or str(error),
            path=str(error.filename or source).removesuffix("/."),
            expected="files and folders that can be read",
            remedy="check the permissions",
        ) from error
    if not found:
        raise CorpusError(
            "no file to tag",
            path=source,
            expected="files that end in .conll, .conllu, .jsonl or .txt, or .gz of these",
            remedy="check --input",
        )
    return found


def _files_below(source: Path) -> Iterator[Path]:
    """Those whose names are a corpus's or a text's; one that is no regular file is told of by who opens it."""

    def refuse(error: OSError) -> None:
        raise error

    for folder, below, names in os.walk(source, onerror=refuse):
        below[:] = [name for name in below if not name.startswith(".")]
        # A folder that may be listed and not entered has names alone.
        os.stat(os.path.join(folder, "."))
        yield from (Path(folder, name) for name in names if not name.startswith(".") and is_file_name(name))


def sentences(path: Path, options: ReadOptions, *, offset: int = 0, line: int = 1) -> Iterator[Given]:
    """The sentences of a file from a place on at which one begins.

    A line of JSON without tokens is an empty sentence: each has its answer. A block of comments alone is none.

    Raises:
        CorpusError: a line that cannot be read, or a file that cannot be opened or unpacked.
    """
    with open_corpus_file(path) as stream:
        stream.seek(offset)
        lines = lines_within_limit(path, stream, line)
        if not offset:
            lines = require_utf8(path, lines)
        if is_text(path):
            yield from _texts(path, lines, offset, line)
        else:
            yield from _of_corpus(path, lines, options, offset, line)


def stretch(path: Path, options: ReadOptions, *, offset: int, line: int, count: int) -> list[Given]:
    """`count` sentences from a place on."""
    return list(itertools.islice(sentences(path, options, offset=offset, line=line), count))


def _texts(path: Path, stream: Iterable[bytes], offset: int, line: int) -> Iterator[Given]:
    for number, raw in enumerate(stream, start=line):
        begins = offset
        offset += len(raw)
        if number == 1:
            raw = without_bom(raw)
        try:
            (text,) = lines_of(raw) if raw else ("",)
        except BadLine as error:
            raise error.located(path, number) from None
        yield Given(number, begins, None, text)


def _of_corpus(
    path: Path, stream: Iterable[bytes], options: ReadOptions, offset: int, line: int
) -> Iterator[Given]:
    unit, parse, _ = format_of(path, options)
    for block in raw_records(stream, unit, at_start=offset == 0):
        number = block.line + line - 1
        tagged = True
        try:
            read = lines_of(block.raw)
            try:
                record = parse(read, options)
            except BadLine:
                completed = _with_no_tags(read[0]) if unit == "line" else None
                if completed is None:
                    raise
                record, tagged = parse([completed], options), False
        except BadLine as error:
            raise error.located(path, number) from None
        if record.sentence is not None or unit == "line":
            yield Given(number, block.offset + offset, record, None, tagged)


def _with_no_tags(line: str) -> str | None:
    """A line of JSON that has tokens or a text alone, with what is missing to be read; None if it is another."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or row.keys() & {"tags", "spans"}:
        return None
    if isinstance(row.get("tokens"), list):
        return json.dumps({**row, "tags": [OUTSIDE] * len(row["tokens"])}, ensure_ascii=False)
    if isinstance(row.get("text"), str):
        return json.dumps({**row, "spans": []}, ensure_ascii=False)
    return None
