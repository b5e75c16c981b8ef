"""Sentences into batches of a like length, and answers back into the order of the sentences.

A batch is padded to its longest row, so sentences of one part are sorted by length first: half the work. What a
batch may hold is told in padded units, so that a few long rows cost no more memory than many short ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serving.client.inputs import InputKind, Piece, TextInput

MOST_ROWS = 128
# Tokens of a batch with its padding; characters for texts, about five a token.
_MOST_TOKENS = 8_192
_CHARACTERS_A_TOKEN = 5

Row = tuple[int, Piece]


def batches(kind: InputKind, pieces: Sequence[Piece]) -> Iterator[list[Row]]:
    """`pieces` as batches of (place in `pieces`, piece), from the shortest to the longest."""
    most = _MOST_TOKENS * (_CHARACTERS_A_TOKEN if isinstance(kind, TextInput) else 1)
    batch: list[Row] = []
    # A stable sort: the same input makes the same batches.
    for place in sorted(range(len(pieces)), key=lambda place: kind.size(pieces[place])):
        longest = kind.size(pieces[place])  # of the batch, since they rise
        if batch and (len(batch) == MOST_ROWS or (len(batch) + 1) * longest > most):
            yield batch
            batch = []
        batch.append((place, pieces[place]))
    if batch:
        yield batch
