"""Sentences of the test split as texts."""

from __future__ import annotations

from pathlib import Path

from components.serving_check.requests import first_sentences, texts_of
from tests.components.recorded import Row, examples_in


def test_the_first_sentences_are_read_across_shards(tmp_path: Path) -> None:
    examples = examples_in(tmp_path, {"test": [Row("Anna/B-PER sings/O"), Row("it/O rains/O"), Row("Yes/O")]})
    sentences = [["Anna", "sings"], ["it", "rains"], ["Yes"]]
    assert first_sentences(examples, 2) == sentences[:2]
    assert first_sentences(examples, 99) == sentences


def test_tokens_are_joined_by_spaces() -> None:
    assert texts_of([["it", "rains"], []]) == ["it rains", ""]
