"""Slices by feature, by length and by whether train has an entity."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from components.metrics.names import length_slices
from components.predictor.answer import Answer
from components.scores.slices import SliceMembers
from tests.components.scores.handmade_answers import answer


def members(*answers: Answer, features: tuple[str, ...] = (), entities: bool = True) -> SliceMembers:
    found = SliceMembers(features, (2, 4), entities=entities)
    for each in answers:
        found.add(each)
    return found


def test_a_sentence_is_in_the_slices_of_its_features_length_and_entities() -> None:
    found = members(
        answer("O", features={"domain": "news"}),
        answer("O O", features={"domain": "chat", "genre": "a,b"}),
        answer("O O O S-PER O", seen=(True,)),
        answer("S-PER S-LOC", seen=(False, True), features={"domain": "news"}),
        features=("domain", "genre"),
    )
    assert {name: list(numbers) for name, numbers in found.members.items()} == {
        "domain=chat": [1],
        "domain=news": [0, 3],
        "entity=seen": [2, 3],
        "entity=unseen": [3],
        "genre=a,b": [1],
        "length=1-2": [0, 1, 3],
        "length=5+": [2],
    }
    assert list(found.members) == sorted(found.members)
    assert found.values == {"domain": {"news", "chat"}, "genre": {"a,b"}}
    assert found.empty == ["length=3-4"]


def test_empty_slices_are_named() -> None:
    found = members(answer("O"), features=("domain",))
    assert found.empty == ["domain", "entity=seen", "entity=unseen", "length=3-4", "length=5+"]


def test_plain_tags_have_no_seen_entities() -> None:
    found = members(answer("NOUN"), entities=False)
    assert not any(name.startswith("entity=") for name in [*found.members, *found.empty])


def test_an_empty_sentence_has_no_length() -> None:
    assert members(answer("")).members == {}


@given(
    buckets=st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True).map(sorted),
    length=st.integers(1, 40),
)
def test_a_slice_name_gives_the_lengths_in_it(buckets: list[int], length: int) -> None:
    found = SliceMembers((), buckets, entities=False)
    found.add(answer("O " * length))
    (name,) = found.members
    bounds = name.removeprefix("length=")
    first, _, last = bounds.removesuffix("+").partition("-")
    assert int(first) <= length
    if not bounds.endswith("+"):
        assert length <= int(last or first)
    assert name == length_slices(buckets)[bisect_left(buckets, length)]
