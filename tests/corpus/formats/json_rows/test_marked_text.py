"""doccano's exports. The project's own form is tested with `corpus.formats.jsonl`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions
from corpus.record import Record

TEXT = "Ann sings in Rome"


def read(**row: Any) -> Record:
    return parse([json.dumps({"id": 1, "text": TEXT, **row})], ReadOptions())


@pytest.mark.parametrize(
    "row",
    [
        {"label": [[0, 3, "PER"], [13, 17, "LOC"]]},
        {"labels": [[0, 3, "PER"], [13, 17, "LOC"]], "Comments": []},
        {
            "entities": [
                {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3},
                {"id": 8, "label": "LOC", "start_offset": 13, "end_offset": 17},
            ],
            "relations": [{"id": 9, "from_id": 7, "to_id": 8, "type": "in"}],
            "Comments": [],
        },
    ],
)
def test_each_form_of_doccano(row: dict[str, Any]) -> None:
    record = read(**row)
    assert record.sentence is not None
    assert record.sentence.tags == ("B-PER", "O", "O", "B-LOC")
    assert not record.notes


def test_a_text_without_labels_has_no_entities() -> None:
    for row in ({"label": []}, {"labels": None}, {"entities": [], "relations": []}):
        record = read(**row)
        assert record.sentence is not None
        assert record.sentence.spans == ()


def test_numbers_instead_of_labels_are_refused() -> None:
    with pytest.raises(BadLine, match="the label 2: a number") as caught:
        read(annotations=[{"label": 2, "start_offset": 0, "end_offset": 3, "user": 1}])
    assert "JSONL" in caught.value.remedy


def test_offsets_outside_the_text_are_refused() -> None:
    with pytest.raises(BadLine, match="span 0-99 in a text of 17 characters"):
        read(entities=[{"label": "PER", "start_offset": 0, "end_offset": 99}])
