"""Our own JSON: a text with spans where that is read back, else tokens with tags."""

from __future__ import annotations

import json

from corpus.writing.own_json import own_json
from tagging.spans import Span
from tests.corpus.writing.written_sentences import of, plain, target

PER = Span(0, 1, "PER")


def test_a_text_with_spans() -> None:
    tagged = of("Ann", "sings", spans=(PER,), text="Ann sings", starts=(0, 4), ends=(3, 9), domain="news")
    assert json.loads(own_json(tagged, target())) == {
        "text": "Ann sings",
        "spans": [{"start": 0, "end": 3, "label": "PER"}],
        "domain": "news",
    }


def test_tokens_that_a_text_would_not_be_cut_into() -> None:
    tagged = of("AT", "&T", spans=(PER,), text="AT&T", starts=(0, 2), ends=(2, 4))
    assert json.loads(own_json(tagged, target())) == {
        "tokens": ["AT", "&T"], "tags": ["B-PER", "O"], "text": "AT&T",
    }  # fmt: skip


def test_a_text_of_other_tokens_and_none() -> None:
    assert json.loads(own_json(of("zu", "dem", text="zum"), target())) == {
        "tokens": ["zu", "dem"], "tags": ["O", "O"], "text": "zum",
    }  # fmt: skip
    assert json.loads(own_json(plain(("a", "DET")), target("PLAIN"))) == {"tokens": ["a"], "tags": ["DET"]}


def test_places_that_are_not_found_again() -> None:
    to = target()
    own_json(of("a-", "b", text="a-\u200bb", starts=(0, 3), ends=(2, 4)), to)
    assert to.losses.told() == [
        "the places of tokens in the text of 1 sentence (reading does not find them again)"
    ]
