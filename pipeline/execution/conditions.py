"""When a step runs: the part of CEL that pipelines are compiled to, evaluated on a step's inputs."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+!<>()\[\].,]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}
_CASTS: dict[str, Callable[[Any], Any]] = {"int": int, "double": float, "string": str}


class ConditionError(ValueError):
    """A condition that cannot be read, or that asks for what the step does not have."""


def holds(condition: str, executor_input: Mapping[str, Any]) -> bool:
    """Whether a step with these inputs runs; an empty condition holds.

    Raises:
        ConditionError: see there.
    """
    if not condition:
        return True
    try:
        value = _Reader(condition, executor_input).whole()
    except ConditionError as error:
        raise ConditionError(f"condition {condition!r}: {error}") from error
    if not isinstance(value, bool):
        raise ConditionError(f"condition {condition!r}: found {value!r}; expected true or false")
    return value


class _Reader:
    """Reads by recursive descent and evaluates as it reads."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self._names = names
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

    def whole(self) -> Any:
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

    def _either(self) -> Any:
        value = self._both()
        while self._next("||"):
            other = self._both()
            value = _truth(value) or _truth(other)
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._next("&&"):
            other = self._compared()
            value = _truth(value) and _truth(other)
        return value

    def _compared(self) -> Any:
        left = self._sum()
        sign = self._next(*_COMPARE)
        if sign is None:
            return left
        right = self._sum()
        if _kind(left) != _kind(right):
            raise ConditionError(f"cannot compare {left!r} and {right!r}")
        try:
            return _COMPARE[sign](left, right)
        except TypeError as error:
            raise ConditionError(str(error)) from error

    def _sum(self) -> Any:
        value = self._one()
        while sign := self._next("+", "-"):
            other = self._one()
            try:
                value = value + other if sign == "+" else value - other
            except TypeError as error:
                raise ConditionError(str(error)) from error
        return value

    def _one(self) -> Any:
        if self._next("!"):
            return not _truth(self._one())
        if self._next("-"):
            return -self._one()
        if self._next("("):
            value = self._either()
            self._expect(")")
            return self._parts(value)
        if self._at >= len(self._tokens):
            raise ConditionError("ends where a value was expected")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind != "name":
            raise ConditionError(f"found {text}; expected a value")
        if text in _WORDS:
            return _WORDS[text]
        if text in _CASTS and self._next("("):
            value = self._either()
            self._expect(")")
            try:
                return _CASTS[text](value)
            except (TypeError, ValueError) as error:
                raise ConditionError(str(error)) from error
        return self._parts(_entry(self._names, text))

    def _parts(self, value: Any) -> Any:
        while sign := self._next(".", "["):
            if sign == "[":
                value = _entry(value, self._either())
                self._expect("]")
                continue
            if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
                raise ConditionError("expected a name after .")
            value = _entry(value, self._tokens[self._at][1])
            self._at += 1
        return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConditionError(f"found {value!r}; expected true or false")
    return value


def _kind(value: Any) -> str:
    return (
        "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    )


def _entry(value: Any, key: Any) -> Any:
    """An element of a list, or of an object, whose fields have JSON's names where CEL has the protobuf's."""
    if isinstance(value, list) and isinstance(key, (int, float)):
        if 0 <= int(key) < len(value):
            return value[int(key)]
    elif isinstance(value, Mapping):
        camel = re.sub(r"_([a-z])", lambda found: found[1].upper(), str(key))
        for name in (key, camel):
            if name in value:
                return value[name]
    raise ConditionError(f"found no {key!r}")
