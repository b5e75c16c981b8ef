"""Affixes and shapes against plain Python."""

from __future__ import annotations

import unicodedata

import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from trainer.features import spelling, token_features

# Of every kind, and in Unicode for long: two libraries must agree on what each is.
TOKENS = st.lists(
    st.text("aXxd\u00e9\u00c5\u0416\u0436\u00df-.:'5\u0663\u6771\U0001f600", max_size=7),
    min_size=1,
    max_size=6,
)


def marked(word: str) -> list[str]:
    """The affixes of a normalised word: prefixes of 1 to 4 characters, then suffixes."""
    sizes = range(1, spelling.LONGEST_AFFIX + 1)
    prefixes = [f"<{size}:{word[:size]}" if len(word) >= size else "" for size in sizes]
    return prefixes + [f">{size}:{word[-size:]}" if len(word) >= size else "" for size in sizes]


def shape(token: str) -> str:
    kinds = {"Lu": "X", "Ll": "x", "Nd": "d"}
    out = ""
    for character in token:
        kind = kinds.get(unicodedata.category(character), character)
        if kind not in "Xxd" or not out.endswith(kind * 2):
            out += kind
    return out


@given(TOKENS)
def test_affixes_are_those_of_the_normalised_characters(tokens: list[str]) -> None:
    normalised = [word.decode() for word in token_features.normalise(tf.constant(tokens)).numpy()]
    found = spelling.affixes_of(tf.constant([tokens])).numpy()[0].tolist()
    assert [[affix.decode() for affix in row] for row in found] == [marked(word) for word in normalised]


def test_an_affix_is_known_if_two_words_share_it() -> None:
    words = [b"paris", b"park", "\u00e9t\u00e9".encode(), b"a"]
    affixes = spelling.known_affixes(words)
    every = [affix for word in words for affix in marked(word.decode()) if affix]
    assert [affix.decode() for affix in affixes] == sorted({a for a in every if every.count(a) > 1})
    table = spelling.affix_table(affixes)
    ids = table.lookup(spelling.affixes_of(tf.constant(["Parka", "x", ""]))).numpy().tolist()
    first = [2 + affixes.index(affix) if affix in affixes else 1 for affix in (b"<1:p", b"<2:pa", b"<3:par")]
    assert ids[0][:3] == first
    assert ids[1] == [1, 0, 0, 0, 1, 0, 0, 0]
    assert ids[2] == [0] * spelling.AFFIXES
    assert max(max(row) for row in ids) < spelling.affix_rows(affixes)


def test_no_affix_at_all_is_a_table_too() -> None:
    assert spelling.affix_table(()).lookup(spelling.affixes_of(tf.constant([["ab"]]))).shape == (1, 1, 8)


@given(TOKENS)
def test_shapes_tell_letters_and_digits_apart(tokens: list[str]) -> None:
    found = spelling.shapes(tf.constant(tokens)).numpy()
    assert [each.decode() for each in found] == [shape(token) for token in tokens]


def test_shape_ids_stay_in_their_range_and_padding_is_0() -> None:
    tokens = tf.constant([["McDonald", "", "10:30"], ["NASA", "nasa", "U.S."]])
    ids = spelling.shape_ids(tokens).numpy()
    assert ids.shape == (2, 3)
    assert ids[0, 1] == 0
    assert len(set(ids.ravel().tolist())) == 6
    assert ids.max() < spelling.SHAPE_IDS
    assert spelling.shape_ids(tf.zeros([0, 3], tf.string)).shape == (0, 3)
    assert spelling.affixes_of(tf.zeros([0, 3], tf.string)).shape == (0, 3, 8)
