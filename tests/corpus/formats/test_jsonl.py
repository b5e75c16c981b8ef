"""JSON lines: both forms, and every fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import is_bare, parse
from corpus.options import ReadOptions
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.spans import Span


def read(row: Any, **options: Any) -> Record:
    line = row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
    return parse([line], ReadOptions(**options))


def test_tokens_and_tags() -> None:
    record = read({"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news", "id": 7})
    assert record.sentence == Sentence(("Ann", "sings"), ("B-PER", "O"), domain="news")
    assert list(record.lines) == [0, 0]


def test_tokens_with_their_text() -> None:
    record = read({"tokens": ["Ann", "sings"], "tags": ["O", "O"], "text": " Ann  sings"})
    assert record.sentence == Sentence(("Ann", "sings"), ("O", "O"), " Ann  sings", (1, 6), (4, 11))


@pytest.mark.parametrize(
    "spans",
    [
        [{"start": 0, "end": 3, "label": "PER"}, {"start": 13, "end": 21, "label": "LOC"}],
        [[0, 3, "PER"], [13, 21, "LOC"]],
        [[13, 21, "LOC"], {"start": 0, "end": 3, "label": "PER", "note": "x"}],
    ],
)
def test_text_and_spans(spans: list[Any]) -> None:
    record = read({"text": "Zo\u00eb sings in New York", "spans": spans})
    assert record.sentence == Sentence(
        ("Zo\u00eb", "sings", "in", "New", "York"),
        ("B-PER", "O", "O", "B-LOC", "I-LOC"),
        "Zo\u00eb sings in New York",
        (0, 4, 10, 13, 17),
        (3, 9, 12, 16, 21),
        spans=(Span(0, 1, "PER"), Span(3, 5, "LOC")),
    )
    assert record.notes == ()


def test_offsets_count_characters_beyond_the_basic_plane_as_one() -> None:
    record = read({"text": "\U0001f600 Ann", "spans": [[2, 5, "PER"]]})
    assert record.sentence is not None
    assert record.sentence.tags[-1] == "B-PER"
    assert record.notes == ()


def test_spans_inside_a_run_of_characters_fit_tokens_of_characters() -> None:
    row = {"text": "田中さんは東京タワーへ", "spans": [[0, 2, "PER"], [5, 10, "LOC"]]}
    record = read(row, tokenizer="characters")
    assert record.sentence is not None
    assert record.sentence.tokens == (*"田中さんは東京タワーへ",)
    assert [*record.sentence.tags] == ["B-PER", "I-PER", "O", "O", "O", "B-LOC", *["I-LOC"] * 4, "O"]
    assert not record.notes
    settled = read(row, tokenizer="auto")
    assert settled == read(row) == read(row, tokenizer="words")
    assert settled.notes


def test_blanks_at_the_ends_of_a_span_do_not_belong_to_it() -> None:
    record = read({"text": " Ann  sings", "spans": [[0, 5, "PER"]]})
    assert record.sentence is not None
    assert record.sentence.tags == ("B-PER", "O")
    assert record.notes == ()


def test_a_label_keeps_its_spaces_and_its_prefix_and_both_are_told_once() -> None:
    spans = [[0, 3, "Invoice  Number"], [4, 9, "B-PER"], [10, 12, "Invoice Number"]]
    record = read({"text": "Ann sings in", "spans": spans})
    assert record.sentence is not None
    assert record.sentence.tags == ("B-Invoice Number", "B-B-PER", "B-Invoice Number")
    assert [(note.code, note.found) for note in record.notes] == [
        ("D306", "label 'Invoice Number'"),
        ("D218", "label 'B-PER' of a span"),
    ]


@pytest.mark.parametrize("row", [{"text": "Ann sings"}, {"text": "Ann sings", "spans": None}])
def test_no_spans_are_no_entities(row: dict[str, Any]) -> None:
    record = read(row)
    assert record.sentence is not None
    assert record.sentence.spans == ()
    assert record.sentence.tags == ("O", "O")


def test_a_text_alone_is_bare() -> None:
    assert is_bare('{"text": "a", "id": 1}')
    for line in (
        '{"text": "a", "spans": null}',
        '{"text": "a", "answer": "accept"}',
        "[1]",
        '{"tokens": ["a"]}',
    ):
        assert not is_bare(line)


def test_a_span_that_does_not_fit_is_noted() -> None:
    record = read({"text": "New York", "spans": [[0, 6, "LOC"], [4, 8, "PER"]]})
    assert record.sentence is not None
    assert record.sentence.tags == ("B-LOC", "I-LOC")
    assert [note.line for note in record.notes] == [0, 0]
    assert "off the token edges" in record.notes[0].found
    assert record.notes[0].became == "taken as 0-8 'New York'"
    assert record.notes[1].became == "dropped for LOC 'New York'"


@pytest.mark.parametrize(
    "row", [{"tokens": [], "tags": []}, {"text": "", "spans": []}, {"text": " ", "spans": []}]
)
def test_a_sentence_without_tokens_is_left_out_and_noted(row: dict[str, Any]) -> None:
    record = read(row)
    assert record.sentence is None
    assert [note.became for note in record.notes] == ["left out"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('{"tokens": ["a"', "not JSON"),
        ("[]", "JSON of another form"),
        ("Ann\tB-PER", "not JSON"),
        ({"tokens": ["a", "b"], "tags": ["O"]}, "2 tokens and 1 tags"),
        ({"tokens": ["a"]}, "without `tokens` and `tags`"),
        ({"tokens": [1], "tags": ["O"]}, "JSON of another form"),
        ({"tokens": "a", "tags": "O"}, "JSON of another form"),
        ({"tokens": [""], "tags": ["O"]}, "empty token"),
        ({"tokens": ["a  b"], "tags": ["O"]}, "white space"),
        ({"tokens": ["a"], "tags": [""]}, "empty tag"),
        ({"text": "Ann", "spans": [[0, 4, "PER"]]}, "span 0-4 in a text of 3 characters"),
        ({"text": "Ann", "spans": [[-1, 2, "PER"]]}, "span -1-2"),
        ({"text": "Ann", "spans": [[2, 2, "PER"]]}, "span 2-2"),
        ({"text": "Ann", "spans": [[0, 3, ""]]}, "without a label"),
        ({"text": "Ann", "spans": [[0, 3]]}, "span [0, 3]"),
        ({"text": "Ann", "spans": [["0", 3, "PER"]]}, "span"),
    ],
)
def test_every_fault(row: Any, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(row)
    assert caught.value.index == 0
    assert found in caught.value.found
    assert caught.value.expected
    assert caught.value.remedy
