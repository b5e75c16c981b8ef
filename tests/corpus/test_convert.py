"""From the files' tags to those of training."""

from __future__ import annotations

import pytest

from corpus.convert import parsed, repairs_shown, training_tags
from corpus.errors import BadLine
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, BIOES, PLAIN


def record(*tags: str) -> Record:
    tokens = tuple(f"w{index}" for index in range(len(tags)))
    return Record(Sentence(tokens, tags), range(3, 3 + len(tags)))


def test_tags_of_training() -> None:
    tags, reading = training_tags(record("B-A", "I-A", "O", "B-B"), BIO, BIOES)
    assert tags == ["B-A", "E-A", "O", "S-B"]
    assert reading.repairs == []


def test_repairs_are_told() -> None:
    tags, reading = training_tags(record("O", "I-A"), BIO, BIOES)
    assert tags == ["O", "S-A"]
    assert repairs_shown(reading.repairs) == "I-A -> B-A"
    assert [(repair.index, repair.found, repair.became) for repair in reading.repairs] == [(1, "I-A", "B-A")]


def test_plain_tags_stay() -> None:
    assert training_tags(record("NOUN", "B-X"), PLAIN, PLAIN) == (["NOUN", "B-X"], ([], []))


@pytest.mark.parametrize("tag", ["X-A", "B", "B-", "NOUN", "o"])
def test_an_unknown_tag_knows_its_line(tag: str) -> None:
    with pytest.raises(BadLine) as caught:
        parsed(record("O", tag), BIO)
    assert caught.value.index == 4
    assert repr(tag) in caught.value.found
