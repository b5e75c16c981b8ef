"""spaCy's pairs, and the documents of its training files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions
from corpus.record import Record


def read(row: Any, **options: Any) -> Record:
    return parse([json.dumps(row)], ReadOptions(**options))


def document(*sentences: list[tuple[str, str, str]]) -> dict[str, Any]:
    tokens = [
        {
            "tokens": [
                {"id": index, "orth": orth, "tag": tag, "ner": ner}
                for index, (orth, tag, ner) in enumerate(sentence)
            ],
            "brackets": [],
        }
        for sentence in sentences
    ]
    return {"id": 0, "paragraphs": [{"raw": "", "sentences": tokens, "cats": []}]}


def test_a_pair_of_a_text_and_its_entities() -> None:
    record = read(["Ann sings", {"entities": [[0, 3, "PER"]]}])
    assert record.sentence is not None
    assert record.sentence.tags == ("B-PER", "O")
    for nothing in ({}, {"entities": []}, {"cats": {"good": 1.0}}):
        assert read(["Ann sings", nothing]).sentence is not None


def test_a_document_of_one_sentence() -> None:
    row = document(
        [("New", "NNP", "B-LOC"), ("York", "NNP", "L-LOC"), ("\n", "_SP", "O"), ("now", "RB", "-")]
    )
    record = read(row)
    assert record.sentence is not None
    assert record.sentence.tokens == ("New", "York", "now")
    assert record.sentence.tags == ("B-LOC", "L-LOC", "O")
    record = read(row, tag_column="tag")
    assert record.sentence is not None
    assert record.sentence.tags == ("NNP", "NNP", "RB")


def test_a_sentence_without_entity_annotation_is_left_out_and_told() -> None:
    record = read(document([("New", "NNP", "-"), ("York", "NNP", "-")]))
    assert record.sentence is None
    assert [note.code for note in record.notes] == ["D305"]


def test_a_document_of_several_sentences_needs_an_array() -> None:
    with pytest.raises(BadLine, match="a document of 2 sentences on one line") as caught:
        read(document([("a", "X", "O")], [("b", "X", "O")]))
    assert "jq -s" in caught.value.remedy


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (["Ann", {"entities": 3}], "`entities` is a number (3)"),
        (["Ann", {"entities": [[0, 3]]}], "span [0, 3]"),
        (["Ann", {"entities": [[0, 7, "PER"]]}], "span 0-7 in a text of 3"),
        (["Ann", "PER"], "JSON of another form (a list)"),
        ({"paragraphs": 3}, "`paragraphs` is a number (3)"),
        (
            {"paragraphs": [{"sentences": [{"tokens": [{"orth": "a"}, 3]}]}]},
            "`tokens` holds a number (3) at 1",
        ),
        ({"paragraphs": [{"sentences": [{"tokens": [{"orth": 3, "ner": "O"}]}]}]}, "`orth` is a number"),
    ],
)
def test_every_fault(row: Any, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(row)
    assert found in caught.value.found
