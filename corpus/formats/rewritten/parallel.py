"""Two parallel files, tokens and tags of a sentence on the same line: `seq.in` and `seq.out`.

    seq.in    flights from Boston to Denver
    seq.out   O O B-fromloc O B-toloc

Corpora of intents and slots (ATIS, SNIPS) come so. The file of the tokens is the corpus file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from corpus.errors import CorpusError
from corpus.formats.rewritten.rewriting import Beside, beside_it, decoded, encoded
from corpus.options import ReadOptions


def unpack(path: str, lines: Iterable[bytes], beside: Beside, options: ReadOptions) -> Iterator[bytes]:
    """Rewrite both files as lines of tokens and tags; lines that are blank in both stay blank.

    Raises:
        CorpusError: the file of the tags is missing or has another number of lines, or one of them is not UTF-8.
    """
    other, others = beside_it(path, ".in", ".out", beside)
    pairs = zip_longest(decoded(path, lines), decoded(other, others))
    for line, (sentence, tags) in enumerate(pairs, start=1):
        if (sentence is None and tags.strip()) or (tags is None and sentence.strip()):
            short, long = (path, other) if sentence is None else (other, path)
            raise CorpusError(
                f"no line {line}, which {long} has",
                path=short,
                line=line,
                expected="a line of tags for every line of tokens",
                remedy="complete the shorter file",
                shown=(sentence or tags or "").strip(),
                code="D108",
            )
        row = {"tokens": (sentence or "").split(), "tags": (tags or "").split()}
        yield encoded(row) + b"\n" if row["tokens"] or row["tags"] else b"\n"
