"""JSON lines: faults that are repaired, and the bytes that stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.reading.sentences import sentences
from tests.corpus.repair.repaired_corpora import BIO, codes_of, contents, json_corpus, patched, repaired

JSON_FAULTS = {
    "off the edges": (
        '{"id": 1.50, "text": "in New York", "spans": [[3, 8, "LOC"]], "x": [ 1 ]}',
        '{"id": 1.50, "text": "in New York", "spans": [[3, 11, "LOC"]], "x": [ 1 ]}',
        "D202",
    ),
    "as objects": (
        '{"text":"in New York","spans":[{"start":3,"end":8,"label":"LOC","by":"me"}]}',
        '{"text":"in New York","spans":[{"start":3,"end":11,"label":"LOC","by":"me"}]}',
        "D202",
    ),
    "twice": (
        '{"text": "Rome", "spans": [[0, 4, "LOC"], {"start": 0, "end": 4, "label": "LOC"}]}',
        '{"text": "Rome", "spans": [[0, 4, "LOC"]]}',
        "D209",
    ),
    "crossing": (
        '{"text": "of New York", "spans": [[7, 11, "ORG"], [3, 11, "LOC"]]}',
        '{"text": "of New York", "spans": [[3, 11, "LOC"]]}',
        "D210",
    ),
    "no token": ('{"text": "so  what", "spans": [[2, 4, "X"]]}', '{"text": "so  what", "spans": []}', "D211"),
    "illegal": (
        '{"tokens": ["so", "\\u00c4nn"], "tags": ["O", "I-PER"], "z": null}',
        '{"tokens": ["so", "\\u00c4nn"], "tags": ["O", "B-PER"], "z": null}',
        "D201",
    ),
    "invisible in a text": (
        '{"text": "so soft\u00adly Ann", "spans": [[11, 14, "PER"]]}',
        '{"text": "so softly Ann", "spans": [[10, 13, "PER"]]}',
        "D215",
    ),
    "invisible in a token": (
        '{"tokens": ["soft\u00adly", "Ann"], "tags": ["O", "B-PER"], "text": "soft\u00adly Ann"}',
        '{"tokens": ["softly", "Ann"], "tags": ["O", "B-PER"], "text": "softly Ann"}',
        "D215",
    ),
    "a joiner too many beside one that is needed": (
        '{"text": "ab\u200d \U0001f468\u200d\U0001f469 Ann", "spans": [[8, 11, "PER"]]}',
        '{"text": "ab \U0001f468\u200d\U0001f469 Ann", "spans": [[7, 10, "PER"]]}',
        "D215",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_faults_are_repaired_and_the_rest_of_the_line_stays(tmp_path: Path, name: str) -> None:
    before, after, code = JSON_FAULTS[name]
    data = json_corpus(tmp_path, before)
    assert code in codes_of(data)
    repair, out = repaired(data)
    assert set(repair.counts) == {code}
    assert contents(out)["train.jsonl"].decode() == after + "\n"
    assert code not in codes_of(out)
    assert contents(patched(data, out)) == contents(out)


@pytest.mark.parametrize(
    "line",
    [
        # Another key may hold offsets of the text.
        '{"text": "soft\u00adly Ann", "spans": [[8, 11, "PER"]], "relations": [[0, 7]]}',
        # Nothing would be left of the text.
        '{"text": "\\u00ad", "spans": []}',
        # Duplicate keys.
        '{"tokens": ["Ann"], "tags": ["I-PER"], "by": "me", "by": "you"}',
        '{"text": "in New York", "spans": [{"start": 3, "end": 8, "label": "LOC", "by": 1, "by": 2}]}',
    ],
)
def test_lines_that_a_person_must_repair_stay(tmp_path: Path, line: str) -> None:
    data = json_corpus(tmp_path, line)
    repair, out = repaired(data)
    assert repair.counts == {}
    assert contents(out) == contents(data)


@pytest.mark.parametrize("span", [[3, 10], [0, 4], [3, 4], [2, 5]])
def test_a_span_that_ends_at_an_invisible_character_keeps_its_tokens(tmp_path: Path, span: list[int]) -> None:
    line = json.dumps({"text": "Ann\u00ad sings", "spans": [[*span, "PER"]]})
    data = json_corpus(tmp_path, line)
    repair, out = repaired(data)
    assert repair.counts["D215"] == 1
    before, after = ([one.tags for _, one in sentences(path / "train.jsonl", BIO)] for path in (data, out))
    assert before == after
