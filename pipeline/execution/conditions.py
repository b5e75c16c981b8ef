"""When a step runs, and which part of a parameter it takes: CEL as far as pipelines are compiled to it.

Evaluated as Kubeflow's driver does: on a step's inputs alone, whose fields have the protobuf's names.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.execution.parameters import as_text

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+!<>()\[\].,]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}
# Fields whose name in JSON is not the protobuf's.
_JSON_NAMES = {
    "parameter_values": "parameterValues",
    "custom_properties": "customProperties",
    "schema_title": "schemaTitle",
    "instance_schema": "instanceSchema",
    "schema_version": "schemaVersion",
}
_PROTOBUF_NAMES = {in_json: name for name, in_json in _JSON_NAMES.items()}

Names = Mapping[str, Any]
Value = Callable[[Names], Any]


class ConditionError(ValueError):
    """An expression that cannot be read, or that asks for what there is not."""


def holds(condition: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a step with these inputs (the part of that name of an ExecutorInput) runs; an empty condition holds.

    Raises:
        ConditionError: see there.
    """
    if not condition:
        return True
    value = _evaluated("condition", condition, {"inputs": inputs})
    if not isinstance(value, bool):
        raise ConditionError(f"condition {condition!r}: found {value!r}; expected true or false")
    return value


def selected(expression: str, value: Any) -> Any:
    """The part of a parameter's value that a task asks for, such as `parseJson(string_value)["x"]`.

    Raises:
        ConditionError: see there.
    """
    # A value has its text beside the field of its own type.
    names: dict[str, Any] = {"string_value": as_text(value)}
    if isinstance(value, bool):
        names["bool_value"] = value
    elif isinstance(value, (int, float)):
        names["number_value"] = float(value)
    elif isinstance(value, list):
        names["list_value"] = value
    elif isinstance(value, dict):
        names["struct_value"] = value
    return _evaluated("selector", expression, names)


def _evaluated(kind: str, text: str, names: Names) -> Any:
    try:
        return _Reader(text).whole()(names)
    except ConditionError as error:
        raise ConditionError(f"{kind} {text!r}: {error}") from error


class _Reader:
    """Reads by recursive descent; what it has read takes names and gives a value."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ConditionError(f"cannot read {text[at:]!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    def whole(self) -> Value:
        value = self._either()
        if self._at < len(self._tokens):
            raise ConditionError(f"cannot read on at {self._tokens[self._at][1]!r}")
        return value

    def _next(self, *signs: str) -> str | None:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "sign" and text in signs:
                self._at += 1
                return text
        return None

    def _expect(self, sign: str) -> None:
        if self._next(sign) is None:
            found = self._tokens[self._at][1] if self._at < len(self._tokens) else "the end"
            raise ConditionError(f"found {found}; expected {sign}")

    def _either(self) -> Value:
        value = self._both()
        while self._next("||"):
            value = _decided(value, self._both(), by=True)
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._next("&&"):
            value = _decided(value, self._compared(), by=False)
        return value

    def _compared(self) -> Value:
        left = self._sum()
        sign = self._next(*_COMPARE)
        return left if sign is None else _comparison(sign, left, self._sum())

    def _sum(self) -> Value:
        value = self._one()
        while sign := self._next("+", "-"):
            value = _sum(sign, value, self._one())
        return value

    def _one(self) -> Value:
        if self._next("!"):
            negated = self._one()
            return lambda names: not _truth(negated(names))
        if self._next("-"):
            number = self._one()
            return lambda names: -_number(number(names))
        if self._next("("):
            inner = self._either()
            self._expect(")")
            return self._parts(inner)
        if self._at >= len(self._tokens):
            raise ConditionError("ends where a value was expected")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            constant = float(text)
            return lambda _: constant
        if kind == "text":
            return lambda _: text[1:-1]
        if kind != "name":
            raise ConditionError(f"found {text}; expected a value")
        if text in _WORDS:
            return lambda _: _WORDS[text]
        if text in _FUNCTIONS and self._next("("):
            given = self._either()
            self._expect(")")
            return self._parts(_call(text, given))
        return self._parts(lambda names: _entry(names, text))

    def _parts(self, value: Value) -> Value:
        while sign := self._next(".", "["):
            if sign == "[":
                value = _element(value, self._either())
                self._expect("]")
                continue
            if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
                raise ConditionError("expected a name after .")
            value = _field(value, self._tokens[self._at][1])
            self._at += 1
        return value


def _decided(left: Value, right: Value, *, by: bool) -> Value:
    """`||` (by true) and `&&` (by false): a side that decides does so though the other cannot be evaluated."""

    def value(names: Names) -> bool:
        failed: ConditionError | None = None
        for side in (left, right):
            try:
                if _truth(side(names)) is by:
                    return by
            except ConditionError as error:
                failed = failed or error
        if failed:
            raise failed
        return not by

    return value


def _comparison(sign: str, left: Value, right: Value) -> Value:
    def value(names: Names) -> bool:
        one, other = left(names), right(names)
        if _kind(one) != _kind(other):
            raise ConditionError(f"cannot compare {one!r} and {other!r}")
        try:
            return _COMPARE[sign](one, other)
        except TypeError as error:
            raise ConditionError(str(error)) from error

    return value


def _sum(sign: str, left: Value, right: Value) -> Value:
    def value(names: Names) -> Any:
        one, other = left(names), right(names)
        try:
            return one + other if sign == "+" else one - other
        except TypeError as error:
            raise ConditionError(str(error)) from error

    return value


def _call(function: str, given: Value) -> Value:
    def value(names: Names) -> Any:
        try:
            return _FUNCTIONS[function](given(names))
        except (TypeError, ValueError) as error:
            raise ConditionError(f"{function}: {error}") from error

    return value


def _element(value: Value, at: Value) -> Value:
    return lambda names: _entry(value(names), at(names))


def _field(value: Value, name: str) -> Value:
    if name in _PROTOBUF_NAMES:
        raise ConditionError(f"found {name}; expected {_PROTOBUF_NAMES[name]}, as the protobuf has it")

    def field(names: Names) -> Any:
        whole = value(names)
        in_json = _JSON_NAMES.get(name, name)
        return _entry(whole, in_json if isinstance(whole, Mapping) and in_json in whole else name)

    return field


def _entry(value: Any, key: Any) -> Any:
    """An element of a list, a map or an object."""
    if isinstance(value, list) and isinstance(key, (int, float)):
        if 0 <= int(key) < len(value):
            return value[int(key)]
    elif isinstance(value, Mapping) and key in value:
        return value[key]
    raise ConditionError(f"found no {key!r}")


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConditionError(f"found {value!r}; expected true or false")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConditionError(f"found {value!r}; expected a number")
    return value


def _kind(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def _cast(to: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def cast(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(f"found {value!r}; expected a number or a text")
        return to(value)

    return cast


def _string(value: Any) -> str:
    if not isinstance(value, (bool, int, float, str)):
        raise ValueError(f"found {value!r}; expected a truth, a number or a text")
    return as_text(value)


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "int": _cast(int),
    "double": _cast(float),
    "string": _string,
    "parseJson": json.loads,
}
