"""Rows of Hugging Face datasets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions

NAMES = ("O", "B-PER", "I-PER", "B-LOC")


def tags(row: dict[str, Any], **options: Any) -> tuple[str, ...]:
    record = parse([json.dumps(row)], ReadOptions(**options))
    assert record.sentence is not None
    assert record.sentence.spans is None
    return record.sentence.tags


def test_the_list_of_entity_tags_is_found_by_its_usual_names() -> None:
    conll2003 = {
        "id": "0",
        "tokens": ["Ann", "sings"],
        "pos_tags": [22, 42],
        "chunk_tags": [11, 21],
        "ner_tags": [1, 0],
    }
    assert tags(conll2003, tag_names=NAMES) == ("B-PER", "O")
    assert tags({"tokens": ["Ann"], "labels": ["B-PER"]}) == ("B-PER",)
    assert tags({"tokens": ["Ann"], "tags": [1]}, tag_names=NAMES) == ("B-PER",)
    assert tags({"tokens": ["Ann"], "tags": ["B-X"], "ner_tags": ["O"]}) == ("B-X",)
    assert tags({"tokens": ["Ann"], "tags": [0], "ner_tags": [1]}, tag_names=NAMES) == ("B-PER",)


def test_the_options_name_another_list() -> None:
    row = {"tokens": ["Ann"], "tags": ["B-PER"], "pos": ["PROPN"]}
    assert tags(row, tag_column="pos") == ("PROPN",)
    with pytest.raises(BadLine, match="no list `xpos`") as caught:
        tags(row, tag_column="xpos")
    assert "tokens, tags, pos" in caught.value.found


@pytest.mark.parametrize(
    ("numbers", "names", "found", "remedy"),
    [
        ([1, 0], (), "integers as `ner_tags`", "corpus.tag_names=[O, B-PER, I-PER, ...]"),
        ([1, 9], NAMES, "9 in `ner_tags`", "corpus.tag_names"),
        ([1, -100], NAMES, "-100 in `ner_tags`", "-100"),
        ([1, "O"], NAMES, "a string among the integers", ""),
        ([1, True], NAMES, "true or false (True) among the integers", ""),
        ([1, None], NAMES, "`ner_tags` holds null at 1", ""),
        ([1, 0.5], NAMES, "`ner_tags` holds a number (0.5) at 1", ""),
        ([1], NAMES, "2 tokens and 1 tags", ""),
    ],
)
def test_integers_need_their_names(
    numbers: list[Any], names: tuple[str, ...], found: str, remedy: str
) -> None:
    with pytest.raises(BadLine) as caught:
        tags({"tokens": ["Ann", "sings"], "ner_tags": numbers}, tag_names=names)
    assert found in caught.value.found
    assert remedy in caught.value.remedy
