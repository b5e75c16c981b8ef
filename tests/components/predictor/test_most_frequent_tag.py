"""The most frequent tag of each word, by hand and against the definition spelled out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from components.predictor.most_frequent_tag import Counts, Sentences, count, read, write

TRAIN = [
    (["the", "dog", "saw", "the", "saw"], ["DET", "NOUN", "VERB", "DET", "NOUN"]),
    (["dogs", "saw", "it"], ["NOUN", "VERB", "PRON"]),
]


@pytest.mark.parametrize(
    ("text", "tags", "right"),
    [
        ("the saw", "DET VERB", 2),  # `saw` is a verb twice, a noun once
        ("the saw", "DET NOUN", 1),
        ("Oslo", "NOUN", 1),  # an unknown word: NOUN is the most frequent tag
        ("Oslo The", "PROPN DET", 0),  # words are compared as they are written
        ("", "", 0),
    ],
)
def test_by_hand(text: str, tags: str, right: int) -> None:
    assert count(TRAIN, [(text.split(), tags.split())]) == Counts(len(text.split()), right)


def test_of_equally_frequent_tags_the_alphabetically_first_counts() -> None:
    for train in (["B", "A"], ["A", "B"]):
        assert count([(["w"], [tag]) for tag in train], [(["w", "x"], ["A", "A"])]).right == 2


def test_against_the_definition() -> None:
    generator = random.Random(5)

    def sentences() -> list[tuple[list[str], list[str]]]:
        return [
            (generator.choices("abcdef", k=length), generator.choices("XYZ", k=length)) for length in range(9)
        ]

    for _ in range(20):
        train, test = sentences(), sentences()
        train[3] = (train[3][0], ["X"] * 3)  # some words get a clear favourite
        assert count(train, test).right == _spelled_out(train, test)


def _spelled_out(train: Sentences, test: Sentences) -> int:
    tagged = [pair for tokens, tags in train for pair in zip(tokens, tags, strict=True)]
    right = 0
    for tokens, tags in test:
        for token, tag in zip(tokens, tags, strict=True):
            seen = [known for word, known in tagged if word == token] or [known for _, known in tagged]
            right += tag == max(sorted(set(seen)), key=seen.count)
    return right


def test_the_counts_are_read_as_an_accuracy(tmp_path: Path) -> None:
    for counts, accuracy in ((Counts(8, 6), 0.75), (Counts(0, 0), 0.0)):
        write(str(tmp_path), counts)
        assert read(str(tmp_path)) == accuracy
