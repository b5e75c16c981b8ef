"""JSON arrays, and objects over several lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.formats.rewritten.json_array import BEGINS, unpack
from corpus.options import ReadOptions
from corpus.raw_records import raw_records


def rewritten(text: str) -> list[bytes]:
    def beside(path: str) -> list[bytes]:
        raise AssertionError(path)

    lines = text.encode().splitlines(keepends=True)
    return list(unpack("x.json", lines, beside, ReadOptions()))


def items(text: str) -> list[tuple[int, Any]]:
    return [(line, json.loads(raw)) for line, _, raw in raw_records(rewritten(text), "line")]


def test_items_stand_on_the_lines_where_they_begin() -> None:
    text = '\ufeff[\n  {"a":\n    [1, 2]},\n\n  {"b": 3}, {"c": 4},\n  ["d",\n {}]\n]\n'
    assert items(text) == [(2, {"a": [1, 2]}), (5, {"b": 3}), (6, {"c": 4}), (7, ["d", {}])]


def test_of_an_array_on_one_line_the_line_is_the_number_of_the_item() -> None:
    assert items('[{"a": 1}, {"b": 2}, {"c": 3}]') == [(1, {"a": 1}), (2, {"b": 2}), (3, {"c": 3})]


def test_objects_over_several_lines_without_an_array() -> None:
    assert items('{\n  "text": "a"\n}\n{\n  "text": "b"\n}\n') == [(1, {"text": "a"}), (4, {"text": "b"})]


def test_every_sentence_of_a_document_is_an_example() -> None:
    def sentence(word: str) -> dict[str, Any]:
        return {"tokens": [{"orth": word, "ner": "O"}]}

    text = json.dumps(
        [
            {"id": 0, "paragraphs": [{"sentences": [sentence("a"), sentence("b")]}, {"sentences": []}]},
            {"id": 1, "paragraphs": [{"sentences": [sentence("\ud800")]}]},
        ]
    )
    assert items(text) == [(1, sentence("a")), (2, sentence("b")), (3, sentence("\ud800"))]


def test_what_is_no_array_has_no_items() -> None:
    assert items("[]") == items("[\n]\n") == items("") == []


@given(st.lists(st.dictionaries(st.text(), st.text() | st.lists(st.floats(0, 1)))), st.integers(0, 3))
def test_any_array_has_its_items_in_order(values: list[Any], indent: int) -> None:
    text = json.dumps(values, indent=indent or None, ensure_ascii=bool(indent % 2))
    found = items(text)
    assert [value for _, value in found] == values
    for line, value in found:
        if indent:
            assert text.split("\n")[line - 1].strip().startswith(json.dumps(value)[0])


@pytest.mark.parametrize(
    "first",
    [
        "[",
        "  [ ",
        '[{"a": 1}',
        "[{",
        '[["text", {}]',
        "[[",
        "{",
        '{"data": [',
        '[ {"text": "a"}, {"text": "b"}]',
    ],
)
def test_the_first_line_of_an_array(first: str) -> None:
    assert BEGINS.match(first)


@pytest.mark.parametrize(
    "first",
    [
        '["text", {"entities": []}]',
        '{"text": "a"}',
        "[\tO",
        "[ O",
        "[[ O",
        "{ O",
        "{\tPUNCT",
        "",
        "[{ B-X",
        "a O",
    ],
)
def test_the_first_line_of_another_file(first: str) -> None:
    assert not BEGINS.match(first)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ('[\n{"a": 1},\n{"b": ', 3, "the file ends too early"),
        ('[\n{"a": 1},\n', 2, "the file ends too early"),
        ('[\n{"a": 1}', 2, "the file ends too early"),
        ('[\n{"a": 1}\n{"b": 2}]', 3, "no comma between two items"),
        ('[\n{"a": 1},\n]', 3, "not JSON (Expecting value)"),
        ('[\n{"a": 1}]\n{"b": 2}', 3, "text after the end of the array"),
        ("[\n{'a': 1}]", 2, "not JSON"),
        ('[\n{"a": "b\tc"}]', 2, "Invalid control character"),
        ("[\n" + "[" * 200_000, 2, "nested too deep"),
        ("[\n" + "1" * 5000 + "]", 2, "not JSON that can be read"),
        ('{\n"data": [{"text": "a"}]\n}', 1, "an object around the examples (its keys: data)"),
    ],
)
def test_every_fault(text: str, line: int, found: str) -> None:
    with pytest.raises(CorpusError) as caught:
        rewritten(text)
    assert found in caught.value.found
    assert caught.value.line == line
    assert caught.value.expected
    assert caught.value.remedy


def test_what_stands_before_a_fault_is_read() -> None:
    def beside(path: str) -> list[bytes]:
        raise AssertionError(path)

    lines = unpack("x.json", [b'[{"a": 1},\n', b"oops]"], beside, ReadOptions())
    assert next(lines) == b'{"a": 1}\n'
    with pytest.raises(CorpusError, match=r"x\.json:2: not JSON"):
        next(lines)
