"""Any value of JSON is an example, or a fault that says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadLine
from corpus.formats.jsonl import parse
from corpus.options import ReadOptions

_KEYS = [
    *(
        "tokens",
        "tags",
        "text",
        "spans",
        "answer",
        "label",
        "labels",
        "entities",
        "data",
        "annotations",
        "result",
    ),
    *("value", "start", "end", "ner_tags", "paragraphs", "sentences", "orth", "ner", "was_cancelled"),
    *("start_offset", "token_start", "token_end", "domain"),
]


def _json(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), values, max_size=4)


_LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4) | st.floats(0, 1)


@given(
    st.recursive(_LEAVES, _json, max_leaves=12),
    st.sampled_from([{}, {"tag_column": "ner"}, {"tag_names": ("O", "B-PER")}]),
)
def test_any_value_is_an_example_or_a_fault(value: Any, options: dict[str, Any]) -> None:
    faults = []
    try:
        parse([json.dumps(value)], ReadOptions(**options))
    except BadLine as error:
        faults.append(error)
    for fault in faults:
        assert fault.expected
        assert fault.remedy
        assert fault.shown


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"spans": ' * 100_000, "nested too deep"),
        ('{"text": "a", "spans": 3}', "`spans` is a number (3)"),
        ('{"text": "a", "label": "b"}', "`label` is a string"),
        ('{"text": "a", "label": ["good"]}', "a label of the whole text"),
        ('{"text": null, "spans": []}', "`text` is null"),
        ('{"tokens": ["a", null], "tags": ["O", "O"]}', "`tokens` holds null at 1"),
        ('{"tokens": ["a"], "tags": {"a": "O"}}', "`tags` is an object"),
        ('{"text": "abc", "spans": [[2, 1, "X"]]}', "span 2-1 in a text of 3 characters"),
        ('{"text": "abc", "label": [[-1, 2, "X"]]}', "span -1-2"),
        ('{"text": "abc", "notes": [{"start": 0, "end": 1, "label": "X"}]}', "spans under the key `notes`"),
        ('"a"', "JSON of another form (a string)"),
        ('{"words": ["a"], "id": 1}', "its keys: words, id"),
    ],
)
def test_a_wrong_value_is_named(line: str, found: str) -> None:
    with pytest.raises(BadLine) as caught:
        parse([line], ReadOptions())
    assert found in caught.value.found
    assert caught.value.shown == line
