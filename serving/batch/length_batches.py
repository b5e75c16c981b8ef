"""Group the sentences of a part into batches of similar length.

A batch is padded to its longest row, so the sentences of a part are sorted by length first: half the work.
The limit of a batch is in padded units, so that a few long rows cost no more memory than many short ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serving.client.inputs import InputKind, Piece, TextInput

MAX_ROWS = 128
# Of a batch with its padding; texts count characters, about five a token.
_MAX_TOKENS = 8_192
_CHARACTERS_PER_TOKEN = 5

Row = tuple[int, Piece]


def batches(kind: InputKind, pieces: Sequence[Piece]) -> Iterator[list[Row]]:
    """Yield batches of (index in `pieces`, piece), from the shortest pieces to the longest."""
    most = _MAX_TOKENS * (_CHARACTERS_PER_TOKEN if isinstance(kind, TextInput) else 1)
    batch: list[Row] = []
    # A stable sort: the same input gives the same batches.
    for index in sorted(range(len(pieces)), key=lambda index: kind.size(pieces[index])):
        longest = kind.size(pieces[index])  # the sizes ascend
        if batch and (len(batch) == MAX_ROWS or (len(batch) + 1) * longest > most):
            yield batch
            batch = []
        batch.append((index, pieces[index]))
    if batch:
        yield batch
