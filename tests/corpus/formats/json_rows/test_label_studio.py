"""Label Studio's exports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions
from corpus.record import Record


def result(start: Any, end: Any, *labels: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "x", "labels": [*labels]}
    return {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


PER = {"id": 1, "was_cancelled": False, "ground_truth": False, "result": [result(0, 3, "PER")]}
LOC = {"id": 2, "was_cancelled": False, "ground_truth": False, "result": [result(13, 17, "LOC")]}
CANCELLED = {**LOC, "was_cancelled": True}


def read(row: dict[str, Any]) -> Record:
    return parse([json.dumps(row)], ReadOptions())


def task(*annotations: Any, **more: Any) -> Record:
    return read({"id": 1, "data": {"text": "Ann sings in Rome"}, "annotations": [*annotations], **more})


def tags(record: Record) -> tuple[str, ...]:
    assert record.sentence is not None
    return record.sentence.tags


def test_a_task() -> None:
    record = task(PER, predictions=[LOC])
    assert tags(record) == ("B-PER", "O", "O", "O")
    assert not record.notes
    assert tags(task({**PER, "result": []})) == ("O", "O", "O", "O")


def test_other_results_than_labels_are_ignored() -> None:
    choice = {"type": "choices", "value": {"choices": ["good"]}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    assert tags(task({**PER, "result": [choice, relation, *PER["result"]]})) == ("B-PER", "O", "O", "O")  # type: ignore[misc]


def test_an_old_export_calls_them_completions() -> None:
    record = read({"id": 1, "data": {"document": "Ann sings"}, "completions": [PER], "predictions": []})
    assert tags(record) == ("B-PER", "O")


def test_cancelled_and_missing_annotations_leave_the_task_out() -> None:
    for record, why in [
        (task(CANCELLED), "all annotations cancelled"),
        (task(predictions=[PER]), "a task without annotations"),
    ]:
        assert record.sentence is None
        assert [(note.code, note.found) for note in record.notes] == [("D305", why)]


def test_of_several_annotations_the_ground_truth_is_read_or_else_the_first() -> None:
    assert tags(task(CANCELLED, PER)) == ("B-PER", "O", "O", "O")
    assert not task(CANCELLED, PER).notes
    first, truth = task(PER, LOC), task(PER, {**LOC, "ground_truth": True})
    assert tags(first) == ("B-PER", "O", "O", "O")
    assert tags(truth) == ("O", "O", "O", "B-LOC")
    assert first.notes[0].became == "the first was read, no other"
    assert truth.notes[0].became == "the ground truth was read, no other"


@pytest.mark.parametrize(("start", "end"), [(2, 5), (3, 6)])
def test_offsets_after_an_emoji_may_count_utf_16_units_as_the_quoted_text_shows(start: int, end: int) -> None:
    value = {"start": start, "end": end, "text": "Ann", "labels": ["PER"]}
    row = {
        "data": {"text": "\U0001f600 Ann"},
        "annotations": [{"result": [{"type": "labels", "value": value}]}],
    }
    assert tags(read(row)) == ("O", "B-PER")


def test_json_min() -> None:
    spans = [{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}]
    row = {"id": 1, "text": "Ann sings", "label": spans, "annotator": 1, "created_at": "2024-01-01"}
    assert tags(read(row)) == ("B-PER", "O")
    assert tags(read({"text": "Ann sings", "ner": spans})) == ("B-PER", "O")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"data": {"a": "x", "b": "y"}, "annotations": [PER]}, "a task without `text` (its data: a, b)"),
        ({"data": {"text": 3}, "annotations": [PER]}, "`text` is a number (3)"),
        ({"data": {"text": "Ann"}, "annotations": 3}, "`annotations` is a number (3)"),
        ({"data": {"text": "Ann"}, "annotations": [{"result": "x"}]}, "`result` is a string"),
        (
            {"data": {"text": "Ann"}, "annotations": [{"result": [result("/p", "/p", "PER")]}]},
            "span {'start': '/p'",
        ),
        (
            {"data": {"text": "Ann"}, "annotations": [{"result": [result(0, 9, "PER")]}]},
            "span 0-9 in a text of 3",
        ),
        (
            {
                "data": {"text": "<p>Ann</p>"},
                "annotations": [
                    {"result": [{"type": "hypertextlabels", "value": {"hypertextlabels": ["PER"]}}]}
                ],
            },
            "an annotation of the type hypertextlabels",
        ),
    ],
)
def test_every_fault(row: dict[str, Any], found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(row)
    assert found in caught.value.found
