"""Values of parameters: the table is Kubeflow's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from pipeline.execution.parameters import (
    RUN_ID,
    OfRun,
    ParameterError,
    as_input,
    as_text,
    constant,
    from_text,
)

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**50), 2**50) | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(VALUES)
def test_a_text_is_the_value_as_protobuf_has_it(value: Any) -> None:
    text = as_text(value)
    if isinstance(value, str):
        assert text == value
    else:
        parsed = json_format.Parse(text, struct_pb2.Value())
        assert parsed == json_format.ParseDict(value, struct_pb2.Value())


@given(VALUES)
def test_a_value_written_as_text_is_read_back(value: Any) -> None:
    kinds = {bool: "BOOLEAN", int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE", list: "LIST", dict: "STRUCT"}
    kind = kinds.get(type(value), "STRING")
    assert from_text(as_text(value), kind) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.0, "6"),
        (0.25, "0.25"),
        (1e-7, "0.0000001"),
        (True, "true"),
        ([1.0, "<a>"], '[1,"<a>"]'),
        ({}, "{}"),
    ],
)
def test_whole_numbers_have_no_decimal_point(value: Any, text: str) -> None:
    assert as_text(value) == text
    assert as_input(value, "STRING") == text


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "STRING", "7"), (" 7\n", "NUMBER_INTEGER", 7), (" 7\n", "STRING", " 7\n"), ("1e3", "NUMBER_DOUBLE", 1e3),
        ("t", "BOOLEAN", True), ("False\n", "BOOLEAN", False), ("[1]", "LIST", [1]), ('{"a": 1}', "STRUCT", {"a": 1}),
    ],
)  # fmt: skip
def test_values_read_from_a_file(text: str, kind: str, value: Any) -> None:
    found = from_text(text, kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind"),
    [("7.5", "NUMBER_INTEGER"), ("x", "NUMBER_DOUBLE"), ("yes", "BOOLEAN"), ("{}", "LIST"), ("[", "STRUCT")],
)
def test_text_of_another_type_is_refused(text: str, kind: str) -> None:
    with pytest.raises(ParameterError, match=f"expected {kind}"):
        from_text(text, kind)


@pytest.mark.parametrize(
    ("value", "kind"), [("6", "NUMBER_INTEGER"), (True, "NUMBER_DOUBLE"), (1.0, "BOOLEAN"), ("[]", "LIST")]
)
def test_another_type_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(ParameterError, match=f"expected {kind}"):
        as_input(value, kind)


def test_null_is_no_value() -> None:
    with pytest.raises(ParameterError, match="found null"):
        as_input(None, "STRING")


def test_only_a_whole_constant_is_a_placeholder_of_the_run() -> None:
    assert constant(RUN_ID) == OfRun(RUN_ID)
    assert constant(RUN_ID).value(run="r", step="s") == "r"
    assert constant("{{$.pipeline_task_name}}").value(run="r", step="s") == "s"
    # The driver looks for nothing within a text.
    for other in (f"run {RUN_ID}", "{{$.pipeline_root}}", "plain", 6.0):
        assert constant(other) == other
