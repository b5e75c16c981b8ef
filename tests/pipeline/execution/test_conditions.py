"""Conditions and selectors: what Kubeflow's driver makes of the expressions that compilers write."""

from __future__ import annotations

import itertools

import pytest

from pipeline.execution.conditions import ConditionError, holds, selected

INPUT = {
    "artifacts": {"b": {"artifacts": [{"uri": "/x", "metadata": {"blessed": 1.0, "kind": "ok"}}]}},
    "parameterValues": {"n": 6.0, "s": "12", "yes": True, "json": '{"a": [1, 2]}'},
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("inputs.artifacts['b'].artifacts[0].metadata['blessed'] == 1.0", True),
        ("inputs.artifacts['b'].artifacts[0].metadata['kind'] != 'ok'", False),
        ("inputs.artifacts['b'].artifacts[0].uri == ('/' + 'x')", True),
        ("inputs.parameter_values['n'] >= 6.0", True),
        ("inputs.parameter_values['n'] < 6.0", False),
        ("int(inputs.parameter_values['s']) > 11", True),
        ("string(inputs.parameter_values['s']) == '12' && inputs.parameter_values['yes']", True),
        ("!(inputs.parameter_values['n'] == 6.0)", False),
        ("-1 < 0 && 1 + 2 == 3", True),
        ("string(inputs.parameter_values['n']) + string(true) == '6true'", True),
        ("int(6.9) == 6 && int('-7') == -7 && double('1e3') == 1000", True),
        ("parseJson(inputs.parameter_values['json']).a[1] == 2", True),
        # Values of parameters are doubles; literals without a point are ints.
        ("inputs.parameter_values['n'] == 6 && inputs.parameter_values['n'] != 7", True),
        ("has(inputs.parameter_values.n) && 's' in inputs.parameter_values", True),
        # A side that decides does so whatever the other is.
        ("inputs.parameter_values['gone'] == 1 || true", True),
        ("false && inputs.parameter_values['gone'] == 1", False),
        ("true || inputs.parameter_values['gone'] == 1", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, INPUT) is expected


def test_and_binds_closer_than_or() -> None:
    for a, b, c in itertools.product((False, True), repeat=3):
        words = [str(one).lower() for one in (a, b, c)]
        assert holds("{} || {} && {}".format(*words), {}) is (a or (b and c))
        assert holds("({} || {}) && !{}".format(*words), {}) is ((a or b) and not c)


@pytest.mark.parametrize(
    "condition",
    [
        "inputs.artifacts['gone'].artifacts[0].uri == ''", "inputs.parameter_values['n'] == '6'", "1 ==", "(true",
        "inputs.parameter_values['n']", "true true", "1 && true", "inputs.artifacts['b'].artifacts[1].uri == ''",
        "__import__('os') == 1", "int('x') == 1", "true ? 1 : 2", "'a' - 'b' == ''",
        # The protobuf's names are not JSON's, and a step's outputs are made after it was decided.
        "inputs.parameterValues['n'] == 6.0", "outputs.artifacts['b'].artifacts[0].uri == ''", "int(true) == 1",
        "inputs.parameter_values['gone'] == 1 || false", "-'a' == ''", "parseJson('{') == 1",
    ],
)  # fmt: skip
def test_an_expression_that_cannot_be_evaluated_is_an_error(condition: str) -> None:
    with pytest.raises(ConditionError, match="condition"):
        holds(condition, INPUT)


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ('parseJson(string_value)["a"]', '{"a": "b"}', "b"),
        ('parseJson(string_value)["a"]', {"a": "b"}, "b"),
        ("struct_value.a", {"a": "b"}, "b"),
        ("list_value[1]", [1.0, 2.0], 2.0),
        ("number_value", 6.0, 6.0),
        ("string_value", 6.0, "6"),
        ("bool_value", True, True),
    ],
)
def test_selectors_take_a_part_of_a_value(expression: str, value: object, expected: object) -> None:
    assert selected(expression, value) == expected


def test_a_field_that_a_value_does_not_have_is_an_error() -> None:
    with pytest.raises(
        ConditionError, match=r"selector 'number_value': undeclared reference to 'number_value'$"
    ):
        selected("number_value", "6")
