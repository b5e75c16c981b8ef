"""Hand-made features, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.crfsuite_baseline.features import shape, short_shape, token_features


@pytest.mark.parametrize(
    ("token", "long", "short"),
    [
        ("Paris", "Xxxxx", "Xx"),
        ("Zürich-2b", "Xxxxxx-dx", "Xx-dx"),
        ("U.S.", "X.X.", "X.X."),
        ("1,000", "d,ddd", "d,d"),
        ("...", "...", "."),
        ("東京", "xx", "x"),
        ("", "", ""),
    ],
)
def test_shapes(token: str, long: str, short: str) -> None:
    assert shape(token) == long
    assert short_shape(token) == short


def test_a_token_alone() -> None:
    (found,) = token_features(["Rome"])
    assert found == [
        "bias", "word=Rome", "lower=rome", "shape=Xxxx", "short_shape=Xx",
        "prefix=r", "suffix=e", "prefix=ro", "suffix=me", "prefix=rom", "suffix=ome", "title",
        "BOS", "EOS",
    ]  # fmt: skip


def test_neighbours_reach_two_tokens_and_end_at_the_edges() -> None:
    first, second, third, fourth = token_features(["In", "NYC", "3-D", "!"])
    assert {"BOS", "+1:lower=nyc", "+1:short_shape=X", "+2:lower=3-d", "0,+1:lower=in|nyc"} <= set(first)
    assert {"upper", "-1:lower=in", "+2:lower=!", "-1,0:lower=in|nyc"} <= set(second)
    assert {"has_digit", "has_hyphen", "-2:lower=in", "-1:suffix=nyc"} <= set(third)
    assert {"EOS", "no_word", "-2:lower=nyc"} <= set(fourth)
    assert not any(feature.startswith("-") for feature in first)
    assert not any(feature.startswith("+") for feature in fourth)
    assert not any(feature.startswith("+2") for feature in third)
    for inner in (second, third):
        assert not {"BOS", "EOS"} & set(inner)


def test_digits_are_distinguished() -> None:
    alone, mixed = token_features(["42", "b2b"])
    assert {"digits", "has_digit"} <= set(alone)
    assert "digits" not in mixed
    assert "has_digit" in mixed


@given(tokens=st.lists(st.text(max_size=6), max_size=6))
def test_any_tokens_have_features_and_the_same_ones_each_time(tokens: list[str]) -> None:
    found = token_features(tokens)
    assert len(found) == len(tokens)
    assert all(len(set(features)) == len(features) for features in found)
    assert token_features(list(tokens)) == found


@given(tokens=st.lists(st.sampled_from(["a", "B", "3"]), min_size=1, max_size=8), data=st.data())
def test_tokens_further_than_two_away_have_no_influence(tokens: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(tokens) - 1))
    before, after = tokens[max(0, place - 2) : place], tokens[place + 1 : place + 3]
    # The same surroundings in a sentence that goes on otherwise, as far as it goes on at all.
    left = ["x", "y"] if place > 2 else []
    right = ["z"] if place + 3 < len(tokens) else []
    other = [*left, *before, tokens[place], *after, *right]
    assert token_features(other)[len(left) + len(before)] == token_features(tokens)[place]
