"""The first place of each sentence, compared with a dictionary."""

from __future__ import annotations

import tracemalloc
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from corpus.checks.first_places import ALL, FirstPlace, FirstPlaces

# Few keys, some that point to the same slot whatever the size, and the largest.
KEYS = st.sampled_from([0, 1, 2, ALL, ALL - 1, 1 << 40, 1 << 41, (1 << 40) + 1, 5 << 60])
PLACES = st.builds(
    FirstPlace,
    file=st.integers(0, 2**20 - 1),
    line=st.integers(1, 2**40 - 1),
    split=st.integers(0, 15),
    tags=st.integers(0, ALL),
)


@given(st.lists(st.tuples(KEYS, PLACES), max_size=40))
def test_the_first_place_of_each_key_is_kept(given: list[tuple[int, FirstPlace]]) -> None:
    places, expected = FirstPlaces(), dict[int, FirstPlace]()
    for key, here in given:
        assert places.first(key, here) == expected.get(key)
        expected.setdefault(key, here)
    assert len(places) == len(expected)


def test_nothing_is_lost_while_it_grows() -> None:
    random = Random(3)
    keys = [random.getrandbits(64) for _ in range(20_000)]
    places = FirstPlaces()
    for number, key in enumerate(keys):
        assert places.first(key, FirstPlace(0, number + 1, number % 3, number)) is None
    for number, key in enumerate(keys):
        assert places.first(key, FirstPlace(7, 7, 7, 7)) == FirstPlace(0, number + 1, number % 3, number)


def test_a_sentence_takes_few_bytes() -> None:
    random = Random(3)
    count = 20_000
    tracemalloc.start()
    try:
        places = FirstPlaces()
        for number in range(count):
            places.first(random.getrandbits(64), FirstPlace(0, number + 1, 0, ALL - number))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 80 * count
    assert peak < 120 * count  # while it grows
