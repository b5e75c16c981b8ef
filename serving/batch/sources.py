"""Read the input: its files, and the sentences of any stretch of a file.

A file that ends in `.txt` (or `.txt.gz`) has a text on each line, which the model cuts into tokens; an empty
line is an empty text. Any other file is read as a corpus file (`corpus.reading`); its tokens stay
as they are, and its tags are kept to score against. A line of JSON may come without tags: `{"tokens": [...]}`
or `{"text": "..."}`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import BadLine, CorpusError
from corpus.formats.jsonl import is_bare
from corpus.formats.table import reader_of
from corpus.options import ReadOptions
from corpus.raw_records import lines_of, raw_records, without_bom
from corpus.reading.files import lines_within_limit, open_corpus_file, reader_for, require_utf8
from corpus.record import Record
from corpus.splits.names import is_file_name
from tagging.schemes import OUTSIDE


class InputSentence(NamedTuple):
    """A sentence of the input.

    Attributes:
        line: the 1-based line that it begins on.
        offset: the byte (unpacked) that it begins at.
        record: the record of a corpus file; None for a text.
        text: the line of a `.txt` file; None in a corpus file.
        tagged: whether it came with tags.
    """

    line: int
    offset: int
    record: Record | None
    text: str | None
    tagged: bool = True

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens of a corpus file's sentence; empty for a text."""
        sentence = self.record.sentence if self.record else None
        return sentence.tokens if sentence else ()

    @property
    def size(self) -> int:
        """The number of tokens; of a text an estimate."""
        return len(self.tokens) if self.text is None else len(self.text) // 5


def is_text(path: Path) -> bool:
    """Whether a file has a text on each line."""
    return path.name.lower().removesuffix(".gz").endswith(".txt")


def input_files(source: Path) -> tuple[Path, ...]:
    """List the file, or the corpus and text files below a folder, sorted by path.

    Raises:
        CorpusError: nothing to read, or a folder that cannot be read: its files must not be left out
            silently.
    """
    try:
        if source.is_file():
            return (source,)
        if not source.is_dir():
            raise CorpusError("no such file or folder", path=source, remedy="check --input")
        paths = tuple(sorted(_files_below(source)))
    except OSError as error:
        raise CorpusError(
            error.strerror or str(error),
            path=str(error.filename or source).removesuffix("/."),
            expected="files and folders that can be read",
            remedy="check the permissions",
        ) from error
    if not paths:
        raise CorpusError(
            "no file to tag",
            path=source,
            expected="files that end in .conll, .conllu, .jsonl or .txt, or .gz of these",
            remedy="check --input",
        )
    return paths


def _files_below(source: Path) -> Iterator[Path]:
    """List files named like a corpus or text file, regular or not: opening one reports what is wrong with it."""

    def raise_it(error: OSError) -> None:
        raise error

    for folder, below, names in os.walk(source, onerror=raise_it):
        below[:] = [name for name in below if not name.startswith(".")]
        # Fails for a folder that may be listed but not entered.
        os.stat(os.path.join(folder, "."))
        yield from (Path(folder, name) for name in names if not name.startswith(".") and _is_input(name))


def _is_input(name: str) -> bool:
    """Whether a file name is that of a text or corpus file that can be read from any place on."""
    return is_file_name(name) and not reader_of(name, ReadOptions()).packed


def sentences(path: Path, options: ReadOptions, *, offset: int = 0, line: int = 1) -> Iterator[InputSentence]:
    """Yield the sentences of a file, from a sentence at byte `offset` and line `line` on.

    A line of JSON without tokens is an empty sentence, since each line has an answer. A block that has only
    comments is not a sentence.

    Raises:
        CorpusError: a line cannot be read, or the file cannot be opened or unpacked.
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


def stretch(path: Path, options: ReadOptions, *, offset: int, line: int, count: int) -> list[InputSentence]:
    """Read at most `count` sentences of a file, from a position on."""
    return list(itertools.islice(sentences(path, options, offset=offset, line=line), count))


def _texts(path: Path, stream: Iterable[bytes], offset: int, line: int) -> Iterator[InputSentence]:
    for number, raw in enumerate(stream, start=line):
        start = offset
        offset += len(raw)
        if number == 1:
            raw = without_bom(raw)
        try:
            (text,) = lines_of(raw) if raw else ("",)
        except BadLine as error:
            raise error.located(path, number) from None
        yield InputSentence(number, start, None, text)


def _of_corpus(
    path: Path, stream: Iterable[bytes], options: ReadOptions, offset: int, line: int
) -> Iterator[InputSentence]:
    reader = reader_for(path, options)
    if reader.packed:
        raise CorpusError(
            f"a file of the form {reader.format}",
            path=path,
            expected="sentences line by line or block by block, which any worker can begin to read anywhere",
            remedy="rewrite it: tagline convert IN OUT --to jsonl",
        )
    unit, parse = reader.unit, reader.parse
    for block in raw_records(stream, unit, at_start=offset == 0):
        number = block.line + line - 1
        tagged = True
        try:
            block_lines = lines_of(block.raw)
            try:
                record = parse(block_lines)
            except BadLine:
                completed = _with_empty_tags(block_lines[0], options) if unit == "line" else None
                if completed is None:
                    raise
                record, tagged = parse([completed]), False
            else:
                # A text alone is read as one without entities, which is no answer to score against.
                marked = record.sentence is not None and record.sentence.spans != ()
                tagged = unit == "block" or marked or not is_bare(block_lines[0])
        except BadLine as error:
            raise error.located(path, number) from None
        if record.sentence is not None or unit == "line":
            yield InputSentence(number, block.offset + offset, record, None, tagged)


def _with_empty_tags(line: str, options: ReadOptions) -> str | None:
    """Add tags to a line of JSON that has only tokens; None for any other line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or row.keys() & {"tags", "spans"} or not isinstance(row.get("tokens"), list):
        return None
    name = options.tag_column if isinstance(options.tag_column, str) else "tags"
    return json.dumps({**row, name: [OUTSIDE] * len(row["tokens"])}, ensure_ascii=False)
