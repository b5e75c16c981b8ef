"""Prodigy's exports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions
from corpus.record import Record

TOKENS = [
    {"text": "Ann", "start": 0, "end": 3, "id": 0, "ws": False},
    {"text": "'s", "start": 3, "end": 5, "id": 1, "ws": True},
    {"text": "U.S.", "start": 6, "end": 10, "id": 2, "ws": True},
    {"text": "\n", "start": 11, "end": 12, "id": 3, "ws": False},
    {"text": "trip", "start": 12, "end": 16, "id": 4, "ws": False},
]
TEXT = "Ann's U.S. \ntrip"
SPANS = [
    {"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"},
    {"start": 6, "end": 10, "token_start": 2, "token_end": 2, "label": "LOC"},
]


def read(**row: Any) -> Record:
    return parse([json.dumps({"text": TEXT, "_input_hash": -1, **row})], ReadOptions())


def test_the_tokens_are_those_of_the_tool_without_white_space() -> None:
    record = read(tokens=TOKENS, spans=SPANS, answer="accept")
    assert record.sentence is not None
    assert record.sentence.tokens == ("Ann", "'s", "U.S.", "trip")
    assert record.sentence.tags == ("B-PER", "O", "B-LOC", "O")
    assert record.sentence.starts == (0, 3, 6, 12)
    assert not record.notes


def test_wrong_offsets_of_tokens_do_not_matter() -> None:
    tokens = [{**token, "start": 0, "end": 1} for token in TOKENS]
    assert read(tokens=tokens, spans=SPANS) == read(tokens=TOKENS, spans=SPANS)


def test_spans_of_tokens_alone_take_the_offsets_of_these() -> None:
    spans = [{"token_start": 2, "token_end": 2, "label": "LOC"}]
    record = read(tokens=TOKENS, spans=spans)
    assert record.sentence is not None
    assert record.sentence.tags == ("O", "O", "B-LOC", "O")
    with pytest.raises(BadLine, match="span of the tokens 2 to 9"):
        read(tokens=TOKENS, spans=[{"token_start": 2, "token_end": 9, "label": "LOC"}])


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_was_not_accepted_is_left_out_and_told(answer: str) -> None:
    for row in ({"tokens": TOKENS, "spans": SPANS}, {"spans": SPANS}, {"tokens": ["a"], "tags": ["O"]}):
        record = read(**row, answer=answer)
        assert record.sentence is None
        assert [(note.code, note.found) for note in record.notes] == [("D305", f"answer: {answer}")]


def test_an_accepted_text_without_spans_has_no_entities() -> None:
    for row in ({}, {"tokens": TOKENS}, {"spans": None}):
        record = read(**row, answer="accept")
        assert record.sentence is not None
        assert record.sentence.spans == ()


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        ([{"text": "Bob"}], "tokens of which the text does not consist"),
        ([{"text": "Ann"}, None], "`tokens` holds null at 1"),
        ([{"text": None}], "`text of a token` is null"),
    ],
)
def test_tokens_that_are_not_in_the_text(tokens: list[Any], found: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(tokens=tokens, spans=[])
    assert found in caught.value.found
