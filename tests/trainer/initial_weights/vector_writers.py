"""Each format of word vectors, written as its own program writes it; plain Python, so that nothing is shared with
what reads them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

Table = Mapping[str, Sequence[float]]


def glove(table: Table) -> bytes:
    """GloVe's: no first line, six digits."""
    return "".join(f"{word} {' '.join(f'{x:.6f}' for x in row)}\n" for word, row in table.items()).encode()


def word2vec_text(table: Table) -> bytes:
    """The original program's: a blank at the end of each row."""
    rows = [f"{word} {' '.join(f'{x:.6f}' for x in row)} \n" for word, row in table.items()]
    return "".join([_first_line(table), *rows]).encode()


def fasttext(table: Table) -> bytes:
    """fastText's .vec: five significant digits, a blank at the end of each row."""
    rows = [f"{word} {' '.join(f'{x:.5g}' for x in row)} \n" for word, row in table.items()]
    return "".join([_first_line(table), *rows]).encode()


def word2vec_binary(table: Table, *, line_feeds: bool = True) -> bytes:
    """The original program's, which ends a row with a line feed; others write none."""
    end = b"\n" if line_feeds else b""
    rows = [word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + end for word, row in table.items()]
    return _first_line(table).encode() + b"".join(rows)


def _first_line(table: Table) -> str:
    return f"{len(table)} {len(next(iter(table.values())))}\n"


FORMATS = {
    "glove": glove,
    "word2vec text": word2vec_text,
    "fasttext": fasttext,
    "word2vec binary": word2vec_binary,
    "word2vec binary without line feeds": lambda table: word2vec_binary(table, line_feeds=False),
}


def write(path: Path, content: bytes, *, gzipped: bool = False) -> str:
    path.write_bytes(gzip.compress(content) if gzipped else content)
    return str(path)
