"""Compare files by what they hold, whatever their formats: the same sentences, or running text without tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.formats.header import HEAD_BYTES, Header
from corpus.options import ReadOptions
from corpus.reading.files import open_corpus_file
from corpus.reading.sentences import outcomes
from corpus.splits.by_hash import text_key

# Of a file with columns so many lines have the same number of them; the others may be faulty.
_SAME_WIDTH = 0.9


class Comparison(NamedTuple):
    """How two files compare.

    Attributes:
        alike: number of sentences with the same tokens from the beginning on.
        same: whether both end after these.
    """

    alike: int
    same: bool


def compare(one: Path, other: Path, options: ReadOptions) -> Comparison:
    """Compare the tokens of two files sentence by sentence; reads no further than the first difference.

    A sentence that cannot be read is as another only with the same fault in the same line, as in a packed copy.

    Raises:
        CorpusError: a file that cannot be opened or unpacked.
    """
    alike = 0
    for first, second in zip_longest(_keys(one, options), _keys(other, options)):
        if first != second:
            return Comparison(alike, False)
        alike += 1
    return Comparison(alike, True)


def _keys(path: Path, options: ReadOptions) -> Iterator[Hashable]:
    for _, outcome in outcomes(path, options):
        if isinstance(outcome, CorpusError):
            yield outcome.line, outcome.found, outcome.shown
        elif outcome.sentence is not None:
            yield text_key(outcome.sentence.tokens)


def is_running_text(path: Path) -> bool:
    """Whether the beginning of a file is no table of columns: its lines have as many words as they happen to have.

    Raises:
        CorpusError: the file cannot be opened or unpacked.
    """
    with open_corpus_file(path) as stream:
        head = stream.read(HEAD_BYTES)
    lines = list(Header.of(head).lines)
    if len(head) == HEAD_BYTES:
        lines.pop()  # cut
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    if any("\t" in row for row in rows):
        return False
    widths = Counter(len(row.split()) for row in rows)
    usual, count = widths.most_common(1)[0] if widths else (0, 0)
    # A sentence of a single token is rare; where all lines stand alone, each of them is a paragraph.
    alone = all(not (before.strip() and after.strip()) for before, after in pairwise(lines))
    return usual < 2 or count < _SAME_WIDTH * len(rows) or alone
