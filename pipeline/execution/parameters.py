"""Values of parameters, converted and checked as by Kubeflow's driver and launcher."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Constants that the driver replaces by a property of the run, where one of them is the whole constant.
RUN_ID = "{{$.pipeline_job_uuid}}"
_OF_RUN = (
    RUN_ID,
    "{{$.pipeline_job_name}}",
    "{{$.pipeline_job_resource_name}}",
    "{{$.pipeline_task_name}}",
    "{{$.pipeline_task_uuid}}",
)

# What protobuf's JSON has for each type of a parameter.
_TYPES: dict[str, tuple[type, ...]] = {
    "NUMBER_DOUBLE": (int, float),
    "NUMBER_INTEGER": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}
_TRUTHS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class ParameterError(ValueError):
    """A value that is not of the type in the spec."""


@dataclass(frozen=True)
class OfRun:
    """A constant whose value is known when the step runs."""

    placeholder: str

    def value(self, *, run: str, step: str) -> str:
        """Its value in the run of this id."""
        if self.placeholder == "{{$.pipeline_task_name}}":
            return step
        return f"{run}-{step}" if self.placeholder == "{{$.pipeline_task_uuid}}" else run


def constant(value: Any) -> Any:
    """Read a constant of the spec; one of the run's placeholders becomes an `OfRun`."""
    return OfRun(value) if isinstance(value, str) and value in _OF_RUN else value


def as_text(value: Any) -> str:
    """Write a value as on a command line: 6.0 is 6, and lists and objects are JSON.

    Raises:
        ParameterError: null.
    """
    if value is None:
        raise ParameterError("found null; expected a value")
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, list, dict)):
        return json.dumps(_with_integers(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_input(value: Any, kind: str) -> Any:
    """Convert a value for an input parameter of this type: STRING takes any value as text, others their own type alone.

    Raises:
        ParameterError: a value of another type.
    """
    if kind == "STRING":
        return as_text(value)
    if kind in _TYPES and not _is(value, kind):
        raise ParameterError(f"found {value!r}; expected {kind}")
    return value


def from_text(text: str, kind: str) -> Any:
    """Read the text in the file of an output parameter as a value of its type.

    Raises:
        ParameterError: a text that is no such value.
    """
    if kind == "STRING" or kind not in _TYPES:
        return text
    try:
        if kind == "BOOLEAN":
            return _TRUTHS[text.strip()]
        if kind == "NUMBER_INTEGER":
            return int(text.strip(), 10)
        value = float(text.strip()) if kind == "NUMBER_DOUBLE" else json.loads(text)
    except (ValueError, KeyError) as error:
        raise ParameterError(f"found {text!r}; expected {kind}") from error
    if not _is(value, kind):
        raise ParameterError(f"found {text!r}; expected {kind}")
    return value


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "BOOLEAN" or not isinstance(value, bool))


def _with_integers(value: Any) -> Any:
    """The same with 6.0 as 6, as protobuf writes it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_with_integers(one) for one in value]
    if isinstance(value, dict):
        return {key: _with_integers(one) for key, one in value.items()}
    return value
