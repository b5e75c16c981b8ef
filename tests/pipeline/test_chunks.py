"""A stream in pieces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from pipeline.commands.chunks import chunks


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])]
)
def test_every_item_once_and_in_order(count: int, sizes: list[int]) -> None:
    pieces = list(chunks(range(count), 3))
    assert [len(piece) for piece in pieces] == sizes
    assert list(itertools.chain(*pieces)) == list(range(count))


def test_one_chunk_is_drawn_at_a_time() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for number in itertools.count():
            drawn.append(number)
            yield number

    stream = chunks(items(), 2)
    assert drawn == []
    assert next(stream) == [0, 1]
    assert drawn == [0, 1]
    assert next(stream) == [2, 3]
