"""A sentence as `tf.train.Example`."""

from __future__ import annotations

import pytest

from components.corpus_gen.example import to_example
from corpus.sentence import Sentence


def test_a_sentence_as_example() -> None:
    sentence = Sentence(("Zo\u00eb", "sings"), ("B-PER", "O"), "Zo\u00eb sings", (0, 4), (3, 9), "news")
    features = to_example(sentence, ["S-PER", "O"]).features.feature
    assert list(features["tokens"].bytes_list.value) == ["Zo\u00eb".encode(), b"sings"]
    assert list(features["tags"].bytes_list.value) == [b"S-PER", b"O"]
    assert list(features["text"].bytes_list.value) == ["Zo\u00eb sings".encode()]
    assert list(features["starts"].int64_list.value) == [0, 4]
    assert list(features["ends"].int64_list.value) == [3, 9]
    assert list(features["domain"].bytes_list.value) == [b"news"]


def test_missing_features_are_left_out() -> None:
    assert set(to_example(Sentence(("a",), ("O",)), ["O"]).features.feature) == {"tokens", "tags"}
    with pytest.raises(ValueError, match="found 2 tags for 1 tokens"):
        to_example(Sentence(("a",), ("O",)), ["O", "O"])
