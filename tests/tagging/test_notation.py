"""Reading and writing tags in other notations than the schemes' own."""

from __future__ import annotations

import pickle

import pytest

from tagging.notation import Notation, alphabet_named, notation_of_scheme
from tagging.schemes import UnknownTag
from tagging.spans import Span


def test_labels_alone_are_entities_of_adjacent_tokens() -> None:
    notation = notation_of_scheme("IO")
    tags = ["PER", "PER", "O", "LOC", "PER"]
    assert notation.parse(tags).spans == [Span(0, 2, "PER"), Span(3, 4, "LOC"), Span(4, 5, "PER")]
    assert notation.tags_of(notation.parse(tags).spans, 5) == tags


def test_repairs_are_in_the_tags_of_the_file() -> None:
    notation = Notation("BMES", side="suffix")
    parsed = notation.parse(["PER-M", "PER-E", "O"])
    assert parsed.spans == [Span(0, 2, "PER")]
    assert parsed.repairs == [(0, "PER-M", "PER-B")]


@pytest.mark.parametrize("tag", ["I-PER", "PER-B", "b-PER", "B-", "PER"])
def test_a_tag_of_another_notation_is_unknown(tag: str) -> None:
    with pytest.raises(UnknownTag) as caught:
        Notation("BMES").parse(["O", tag])
    assert (caught.value.index, caught.value.tag) == (1, tag)


def test_a_label_keeps_its_spelling() -> None:
    assert Notation("BIO", exact=False).parse(["b\u2013creative\u2013Work"]).spans == [
        Span(0, 1, "creative\u2013Work")
    ]


def test_names_and_aliases() -> None:
    assert [alphabet_named(name) for name in ("bmewo", "iob2", "Bio")] == ["BMEW", "BIO", "BIO"]
    with pytest.raises(ValueError, match="'XYZ'; expected one of BIO, "):
        alphabet_named("XYZ")


def test_a_notation_is_the_same_after_pickling() -> None:
    notation = Notation("BIO", side="suffix")
    assert notation.parse(["A-B"]).spans == [Span(0, 1, "A")]
    copy = pickle.loads(pickle.dumps(notation))
    assert copy == notation
    assert copy.parse(["A-B"]) == notation.parse(["A-B"])
