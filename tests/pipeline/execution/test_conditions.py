"""Conditions, in the part of CEL that compilers write."""

from __future__ import annotations

import itertools

import pytest

from pipeline.execution.conditions import ConditionError, holds

INPUT = {
    "inputs": {
        "artifacts": {"b": {"artifacts": [{"uri": "/x", "metadata": {"blessed": 1.0, "kind": "ok"}}]}},
        "parameterValues": {"n": 6.0, "s": "12", "yes": True},
    }
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True),
        ("inputs.artifacts['b'].artifacts[0].metadata['blessed'] == 1.0", True),
        ("inputs.artifacts['b'].artifacts[0].metadata['kind'] != 'ok'", False),
        ("inputs.artifacts['b'].artifacts[0].uri == ('/' + 'x')", True),
        ("inputs.parameter_values['n'] >= 6.0", True),
        ("inputs.parameterValues['n'] < 6.0", False),
        ("int(inputs.parameter_values['s']) > 11", True),
        ("string(inputs.parameter_values['s']) == '12' && inputs.parameter_values['yes']", True),
        ("!(inputs.parameter_values['n'] == 6.0)", False),
        ("-1 < 0 && 1 + 2 == 3", True),
    ],
)
def test_what_holds(condition: str, expected: bool) -> None:
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
        "__import__('os') == 1", "int('x') == 1", "true ? 1 : 2", "'a' - 'b' == ''", "{} == {}",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(condition: str) -> None:
    with pytest.raises(ConditionError, match="condition"):
        holds(condition, INPUT)
