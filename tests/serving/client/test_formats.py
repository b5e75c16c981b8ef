"""Lines of text from tagged sentences, and entities from tags."""

from __future__ import annotations

import json

import pytest

from serving.client import Entity, TaggedSentence, TaggedToken
from serving.client.entities import entity_spans
from serving.client.formats import to_conll, to_jsonl

SENTENCE = TaggedSentence(
    "Žofie runs",
    (TaggedToken("Žofie", "B-PER", 0.8999999761581421, 0, 5), TaggedToken("runs", "O", 1.0, 6, 10)),
    (Entity("PER", "Žofie", 0, 5, 0.8999999761581421),),
    0.5,
)


def test_jsonl_is_one_line():
    line = to_jsonl(SENTENCE)
    assert "\n" not in line
    assert json.loads(line) == {
        "text": "Žofie runs",
        "score": 0.5,
        "tokens": [
            {"text": "Žofie", "tag": "B-PER", "confidence": 0.9, "start": 0, "end": 5},
            {"text": "runs", "tag": "O", "confidence": 1.0, "start": 6, "end": 10},
        ],
        "entities": [{"label": "PER", "text": "Žofie", "start": 0, "end": 5, "confidence": 0.9}],
    }
    assert "Žofie" in line


def test_conll_ends_with_a_blank_line():
    assert to_conll(SENTENCE) == "Žofie\tB-PER\nruns\tO\n\n"
    assert to_conll(TaggedSentence("", (), (), 1.0)) == "\n"


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("O B-PER I-PER B-PER I-LOC", [(1, 3, "PER"), (3, 4, "PER"), (4, 5, "LOC")]),
        ("S-LOC O B-PER E-PER", [(0, 1, "LOC"), (2, 4, "PER")]),
        ("U-LOC B-PER I-PER L-PER", [(0, 1, "LOC"), (1, 4, "PER")]),
        ("B-creative-work I-creative-work", [(0, 2, "creative-work")]),
        ("NN VBZ DT", []),
        ("NN B-PER", []),
        ("O O", []),
        ("B- O", []),
        ("", []),
    ],
)
def test_entities(tags, entities):
    assert [tuple(span) for span in entity_spans(tags.split())] == entities
