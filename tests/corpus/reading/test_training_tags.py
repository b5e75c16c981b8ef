"""From the tags of the files to those of training."""

from __future__ import annotations

import pytest

from corpus.errors import BadLine
from corpus.reading.training_tags import parse_tags, training_tags
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.notation import Notation
from tagging.schemes import BIO, BIOES, PLAIN
from tagging.spans import Span

READ_AS_BIO, READ_AS_PLAIN = Notation("BIO"), Notation("PLAIN")


def record(*tags: str) -> Record:
    tokens = tuple(f"w{index}" for index in range(len(tags)))
    return Record(Sentence(tokens, tags), range(3, 3 + len(tags)))


def test_tags_are_converted() -> None:
    tags, parsed = training_tags(record("B-A", "I-A", "O", "B-B"), READ_AS_BIO, BIOES)
    assert tags == ["B-A", "E-A", "O", "S-B"]
    assert parsed.repairs == []


def test_illegal_tags_are_repaired() -> None:
    tags, parsed = training_tags(record("O", "I-A"), READ_AS_BIO, BIOES)
    assert tags == ["O", "S-A"]
    assert [(repair.index, repair.found, repair.became) for repair in parsed.repairs] == [(1, "I-A", "B-A")]


def test_tags_of_another_notation_are_read_and_repaired_in_it() -> None:
    notation = Notation("BIO", side="suffix", join="_", outside=("None",))
    tags, parsed = training_tags(record("A_B", "A_I", "None", "B_I"), notation, BIO)
    assert tags == ["B-A", "I-A", "O", "B-B"]
    assert [(repair.found, repair.became) for repair in parsed.repairs] == [("B_I", "B_B")]
    with pytest.raises(BadLine) as caught:
        parse_tags(record("None", "B-A"), notation)
    assert "None, or one of B, I after a label and '_' (BIO, suffix form" in caught.value.expected


def test_spans_take_precedence_over_tags() -> None:
    sentence = Sentence(("a", "b"), ("O", "O"), spans=(Span(0, 2, "B-X"),))
    assert training_tags(Record(sentence, (0, 0)), READ_AS_BIO, BIO)[0] == ["B-B-X", "I-B-X"]


def test_plain_tags_stay() -> None:
    assert training_tags(record("NOUN", "B-X"), READ_AS_PLAIN, PLAIN) == (["NOUN", "B-X"], ([], []))


@pytest.mark.parametrize("tag", ["X-A", "B", "B-", "NOUN", "o"])
def test_an_unknown_tag_is_an_error_at_its_line(tag: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse_tags(record("O", tag), READ_AS_BIO)
    assert caught.value.index == 4
    assert repr(tag) in caught.value.found
