"""Comparing served answers with expected ones, by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import tensorflow as tf

from components.serving_check.comparison import TOLERANCE, differences
from serving.client import TaggedSentence
from serving.client.answers import TaggedToken

SERVED = TaggedSentence(
    text="Anna sings",
    tokens=(TaggedToken("Anna", "B-PER", 0.75, 0, 4), TaggedToken("sings", "O", 0.5, 5, 10)),
    entities=(),
    score=0.25,
)


def expected(**changes: Any) -> dict[str, tf.Tensor]:
    arrays: dict[str, Any] = {
        "tags": [["B-PER", "O", ""]],
        "lengths": [2],
        "confidence": [[0.75, 0.5, 0.0]],
        "score": [0.25],
        "tokens": [["Anna", "sings", ""]],
        "starts": [[0, 5, 0]],
        "ends": [[4, 10, 0]],
    }
    return {name: tf.constant(value) for name, value in (arrays | changes).items()}


def test_the_same_answer_has_no_differences() -> None:
    assert differences([SERVED], expected()) == []
    assert differences([], {name: tensor[:0] for name, tensor in expected().items()}) == []


def test_answers_to_tokens_have_no_offsets_to_compare() -> None:
    arrays = {name: expected()[name] for name in ("tags", "lengths", "confidence", "score")}
    assert differences([SERVED], arrays) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tags": [["B-LOC", "O", ""]]}, "token 0: served B-PER, expected B-LOC"),
        ({"tags": [["O", "B-PER", ""]]}, "token 0: served B-PER, expected O, and 1 more"),
        ({"lengths": [1]}, "served 2 tags, expected 1"),
        ({"confidence": [[0.75, 0.51, 0.0]]}, "a probability is off by 0.01; at most 0.0001 is allowed"),
        ({"score": [0.3]}, "a probability is off by 0.05; at most 0.0001 is allowed"),
        ({"confidence": [[math.nan, 0.5, 0.0]]}, "a probability is off by nan; at most 0.0001 is allowed"),
        ({"starts": [[0, 6, 0]]}, "the served offsets differ"),
        ({"tokens": [["Anne", "sings", ""]]}, "the served tokens differ"),
    ],
)
def test_every_difference_is_described(changes: dict[str, Any], message: str) -> None:
    assert differences([SERVED], expected(**changes)) == [f"'Anna sings': {message}"]


def test_nan_on_both_sides_is_a_difference() -> None:
    served = replace(SERVED, score=math.nan)
    assert len(differences([served], expected(score=[math.nan]))) == 1


def test_the_tolerance_is_for_rounding_only() -> None:
    assert differences([SERVED], expected(score=[0.25 + TOLERANCE / 2])) == []
    assert differences([SERVED], expected(score=[0.25 + TOLERANCE * 2])) != []


def test_missing_answers_are_a_difference() -> None:
    assert differences([], expected()) == ["found 0 answers to 1 sentences; expected one for each"]


def test_a_difference_names_its_sentence() -> None:
    two = {name: tf.concat([tensor, tensor], 0) for name, tensor in expected().items()}
    other = replace(SERVED, text="Anna sings again", score=0.9)
    (found,) = differences([SERVED, other], two, where="in a batch, ")
    assert found.startswith("in a batch, 'Anna sings again': a probability")
