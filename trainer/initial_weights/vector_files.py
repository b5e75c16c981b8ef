"""Files of word vectors, read row by row: word2vec (text and binary), GloVe and fastText's .vec; plain or gzipped.

The format is recognised by the content. Memory holds only a piece of a file of any size; the numbers of a row
are parsed on demand. No TensorFlow.

| format | first line | a row |
|---|---|---|
| word2vec or fastText text | rows and width | word, blank, numbers with blanks between |
| GloVe text | a row | the same |
| word2vec binary | rows and width | word, blank, little-endian float32[width] |
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

Format = Literal["word2vec or fastText text", "GloVe text", "word2vec binary"]
BINARY: Format = "word2vec binary"
EXPECTED = "expected word vectors: word2vec (text or binary), GloVe, or fastText's .vec, plain or gzipped"

_PIECE = 1 << 20
_LONGEST_LINE = 1 << 20
_LONGEST_WORD = 10_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
# A field that belongs to the numbers rather than to a word of several parts.
_DECIMAL = re.compile(rb"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_OTHERS = (
    (b"PK\x03\x04", "a zip archive", "unzip it, and name the file within"),
    (b"BZh", "a bzip2 file", "decompress it, or compress it with gzip"),
    (b"\xfd7zXZ", "an xz file", "decompress it, or compress it with gzip"),
    (b"\xba\x16\x4f\x2f", "a fastText model (.bin)", "name its .vec file"),
    (b"\xff\xfe", "text in UTF-16", "write it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "write it as UTF-8"),
    (b"\x93NUMPY", "an array of NumPy, without words", "write it as word2vec does"),
    (b"\x80", "a pickle, such as gensim's own", "write it as word2vec does (save_word2vec_format)"),
)


class VectorsError(ValueError):
    """A file of vectors cannot be used; the message says where, what was expected, what was found and the remedy."""


class Row(NamedTuple):
    """One word of the file with its vector.

    Attributes:
        word: its bytes in the file.
        numbers: its vector, not yet parsed.
        place: the line in a text, the row's number from 1 in a binary file.
    """

    word: bytes
    numbers: bytes
    place: int


@dataclass(frozen=True)
class VectorFile:
    """A recognised file of word vectors.

    Attributes:
        path: of the file.
        format: one of the three.
        width: numbers of a vector.
        count: rows, if the first line has their number.
    """

    path: str
    format: Format
    width: int
    count: int | None

    def rows(self) -> Iterator[Row]:
        """Read all rows in order, streaming the file.

        Raises:
            VectorsError: a row with more or fewer numbers, or a file with fewer or more rows
            than its first line announces.
        """
        with _opened(self.path) as file:
            if self.count is not None:
                file.readline()
            if self.format == BINARY:
                yield from self._binary_rows(file)
            else:
                yield from self._text_rows(file)

    def vector(self, row: Row) -> np.ndarray:
        """Parse the numbers of a row, float32[width].

        Raises:
            VectorsError: a field is not a number, or not finite.
        """
        if self.format == BINARY:
            vector = np.frombuffer(row.numbers, "<f4")
        else:
            fields = row.numbers.split()
            expected = f"a word and {self.width} numbers"
            if len(fields) != self.width:
                raise self._wrong(row.place, expected, f"{len(fields)} numbers")
            try:
                with np.errstate(over="ignore"):  # infinity is reported below
                    vector = np.array(fields, np.float32)
            except ValueError:
                wrong = next(field for field in fields if not _is_number(field))
                raise self._wrong(row.place, expected, _shown(wrong)) from None
        # A sum is finite only if every term is, and one sum is faster than `width` checks.
        if not np.isfinite(vector.sum()) and not np.isfinite(vector).all():
            raise self._wrong(row.place, "finite numbers", f"{vector[~np.isfinite(vector)][0]}")
        return vector

    def _text_rows(self, file: BinaryIO) -> Iterator[Row]:
        width, read = self.width, 0
        first = 1 if self.count is None else 2
        for place, raw in enumerate(iter(partial(file.readline, _LONGEST_LINE), b""), first):
            line = raw.rstrip()
            if place == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not line:
                continue
            read += 1
            if line.count(b" ") == width:
                word, _, numbers = line.partition(b" ")
                yield Row(word, numbers, place)
            else:
                yield self._unusual(line, place)
        if self.count is not None and read < self.count:
            raise VectorsError(
                f"{self.path}: expected {self.count:,} rows, as its first line says; found {read:,}; "
                "fetch the file again, or put the right number into its first line"
            )

    def _unusual(self, line: bytes, place: int) -> Row:
        """Parse a row with tabs, or with a word of several parts, from the right."""
        word, *numbers = line.rsplit(None, self.width)
        parts = word.split()
        counted = sum(map(_is_number, numbers))
        if len(numbers) < self.width or not _is_number(numbers[0]):
            raise self._wrong(place, f"a word and {self.width} numbers", f"{counted} numbers")
        if len(parts) > 1 and _DECIMAL.fullmatch(parts[-1]):
            counted += sum(_DECIMAL.fullmatch(part) is not None for part in parts[1:])
            raise self._wrong(place, f"a word and {self.width} numbers", f"{counted} numbers")
        return Row(word, b" ".join(numbers), place)

    def _binary_rows(self, file: BinaryIO) -> Iterator[Row]:
        assert self.count is not None
        size, held, at = 4 * self.width, b"", 0
        for place in range(1, self.count + 1):
            while (blank := held.find(b" ", at)) < 0 or len(held) < blank + 1 + size:
                if blank < 0 and len(held) - at > _LONGEST_WORD:
                    raise self._wrong(place, "a word and a blank", f"{_LONGEST_WORD:,} bytes without one")
                piece = file.read(_PIECE)
                if not piece:
                    raise VectorsError(
                        f"{self.path}: expected {self.count:,} rows of {self.width} numbers, as its first line "
                        f"says; found that the file ends in row {place:,}; fetch it again"
                    )
                held, at = held[at:] + piece, 0
            # The original program ends a row with a line feed, others do not.
            yield Row(held[at:blank].lstrip(b"\n"), held[blank + 1 : blank + 1 + size], place)
            at = blank + 1 + size
        if rest := (held[at:] + file.read(_PIECE)).strip():
            raise VectorsError(
                f"{self.path}: expected the end after {self.count:,} rows of {self.width} numbers, as its first "
                f"line says; found {_shown(rest[:20])}; fetch the file again"
            )

    def _wrong(self, place: int, expected: str, found: str) -> VectorsError:
        where = f"{self.path}: row {place:,}" if self.format == BINARY else f"{self.path}:{place}"
        return VectorsError(
            f"{where}: expected {expected}; found {found}; repair or remove the row, or fetch the file again"
        )


def recognise(path: str) -> VectorFile:
    """Recognise the format of the file at `path` from its beginning.

    Raises:
        VectorsError: it is missing, empty, or not a file of word vectors.
    """
    if not os.path.isfile(path):
        raise VectorsError(f"{path}: found no file; {EXPECTED}")
    with _opened(path) as file:
        first = file.readline(_LONGEST_LINE)
        rest = file.read(4096)
    if not (first + rest).strip():
        raise VectorsError(f"{path}: found an empty file; {EXPECTED}")
    for beginning, kind, remedy in _OTHERS:
        if first.startswith(beginning):
            raise VectorsError(f"{path}: found {kind}; {EXPECTED}; {remedy}")
    first = first.removeprefix(_BYTE_ORDER_MARK)
    fields = first.split()
    if len(fields) == 2 and all(map(bytes.isdigit, fields)):
        count, width = int(fields[0]), int(fields[1])
        if not (count and width and rest):
            raise VectorsError(f"{path}:1: found {count} rows of {width} numbers and no more; {EXPECTED}")
        # Some bytes of binary vectors are control characters, which a text does not have.
        binary = _CONTROL.search(rest) is not None
        return VectorFile(path, BINARY if binary else "word2vec or fastText text", width, count)
    width = 0
    while width < len(fields) - 1 and _is_number(fields[-1 - width]):
        width += 1
    if not width or _CONTROL.search(first):
        raise VectorsError(
            f"{path}:1: found {_shown(first[:40])}; {EXPECTED}, that is, a line with the number of rows and the "
            "width, or a word and its numbers"
        )
    return VectorFile(path, "GloVe text", width, None)


# Bytes up to which `fingerprint` reads all of a file.
_READ_COMPLETELY = 1 << 28
_SAMPLES, _SAMPLE = 64, 1 << 16


def fingerprint(path: str) -> str:
    """Compute a digest that changes when the file does, fast enough for the key of a cache.

    Up to 256 MB it covers all of the content. A larger file would take seconds each time, so its digest
    covers size, date and 64 pieces spread evenly from beginning to end.
    """
    status = os.stat(path)
    digest = hashlib.sha256(f"{status.st_size}".encode())
    with open(path, "rb") as file:
        if status.st_size <= _READ_COMPLETELY:
            for piece in iter(partial(file.read, _PIECE), b""):
                digest.update(piece)
        else:
            digest.update(f" {status.st_mtime_ns}".encode())
            for number in range(_SAMPLES):
                file.seek((status.st_size - _SAMPLE) * number // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    return digest.hexdigest()


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Open a file, decompressing a gzipped one whatever its name."""
    try:
        with open(path, "rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not gzipped:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield io.BufferedReader(unpacked, _PIECE)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise VectorsError(
            f"{path}: expected a complete gzip file; found that it is cut off or damaged ({error}); fetch it again"
        ) from error
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read: {error.strerror or error}") from error


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _shown(content: bytes) -> str:
    return repr(content.decode("utf-8", "backslashreplace"))
