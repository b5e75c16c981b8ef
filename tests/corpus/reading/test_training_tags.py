"""From the tags of the files to those of training."""

from __future__ import annotations

import pytest

from corpus.errors import BadLine
from corpus.reading.training_tags import parse_tags, training_tags
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.schemes import BIO, BIOES, PLAIN


def record(*tags: str) -> Record:
    tokens = tuple(f"w{index}" for index in range(len(tags)))
    return Record(Sentence(tokens, tags), range(3, 3 + len(tags)))


def test_tags_are_converted() -> None:
    tags, parsed = training_tags(record("B-A", "I-A", "O", "B-B"), BIO, BIOES)
    assert tags == ["B-A", "E-A", "O", "S-B"]
    assert parsed.repairs == []


def test_illegal_tags_are_repaired() -> None:
    tags, parsed = training_tags(record("O", "I-A"), BIO, BIOES)
    assert tags == ["O", "S-A"]
    assert [(repair.index, repair.found, repair.became) for repair in parsed.repairs] == [(1, "I-A", "B-A")]


def test_plain_tags_stay() -> None:
    assert training_tags(record("NOUN", "B-X"), PLAIN, PLAIN) == (["NOUN", "B-X"], ([], []))


@pytest.mark.parametrize("tag", ["X-A", "B", "B-", "NOUN", "o"])
def test_an_unknown_tag_is_an_error_at_its_line(tag: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse_tags(record("O", tag), BIO)
    assert caught.value.index == 4
    assert repr(tag) in caught.value.found
