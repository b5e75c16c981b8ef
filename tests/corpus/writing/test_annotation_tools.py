"""The JSON of annotation tools, as they show it."""

from __future__ import annotations

import json

from corpus.writing.annotation_tools import doccano, labelstudio, prodigy, spacy
from tagging.spans import Span
from tests.corpus.writing.written_sentences import of, target

TAGGED = of(
    "\U0001f600", "Ann", "Lee", ".", spans=(Span(1, 3, "PER"),), text="\U0001f600  Ann Lee.",
    starts=(0, 3, 7, 10), ends=(1, 6, 10, 11),
)  # fmt: skip
TEXT = "\U0001f600  Ann Lee."


def test_ends_count_characters() -> None:
    to = target()
    assert json.loads(doccano(TAGGED, to)) == {"id": 1, "text": TEXT, "label": [[3, 10, "PER"]]}
    assert json.loads(spacy(TAGGED, to)) == [TEXT, {"entities": [[3, 10, "PER"]]}]
    assert json.loads(labelstudio(TAGGED, to)) == {
        "id": 1,
        "data": {"text": TEXT},
        "annotations": [
            {
                "result": [
                    {
                        "value": {"start": 3, "end": 10, "text": "Ann Lee", "labels": ["PER"]},
                        "from_name": "label",
                        "to_name": "text",
                        "type": "labels",
                    }
                ]
            }
        ],
    }
    assert to.losses.told() == []


def test_prodigy_has_the_tokens() -> None:
    to = target()
    assert json.loads(prodigy(of("AT", "&T", "won", spans=(Span(0, 2, "ORG"),)), to)) == {
        "text": "AT &T won",
        "tokens": [
            {"text": "AT", "start": 0, "end": 2, "id": 0, "ws": True},
            {"text": "&T", "start": 3, "end": 5, "id": 1, "ws": True},
            {"text": "won", "start": 6, "end": 9, "id": 2, "ws": False},
        ],
        "spans": [{"start": 0, "end": 5, "token_start": 0, "token_end": 1, "label": "ORG"}],
        "answer": "accept",
    }
    assert to.losses.told() == []


def test_what_is_lost() -> None:
    to = target()
    assert json.loads(doccano(of("zu", "dem", text="zum", domain="news"), to))["text"] == "zu dem"
    doccano(of("AT", "&T"), to)
    spacy(of("a", domain="news"), to)
    assert to.losses.told() == [
        "the text of 1 sentence (it is not made of their tokens)",
        "the tokens of 1 sentence (they will be cut otherwise)",
        "the domain of 1 sentence",
    ]


def test_domains() -> None:
    to = target()
    tagged = of("a", domain="news")
    assert json.loads(doccano(tagged, to))["domain"] == "news"
    assert json.loads(labelstudio(tagged, to))["data"] == {"text": "a", "domain": "news"}
    assert json.loads(prodigy(tagged, to))["domain"] == "news"
    assert to.losses.told() == []


def test_prodigy_tokens_that_reading_would_not_find_in_the_text() -> None:
    to = target()
    assert json.loads(prodigy(of("a", "b", text="a\u200bb", starts=(0, 2), ends=(1, 3)), to))["text"] == "a b"
    assert to.losses.told() == ["the text of 1 sentence (it is not made of their tokens)"]
