"""When a step runs, and which part of a parameter it takes: expressions in CEL, evaluated by cel-python.

As in Kubeflow's driver, where cel-python alone differs: numbers of every type compare (protobuf's values are all
doubles, most literals are ints), a double without a fraction has the text of an integer, a boolean is not a number, and
`parseJson` parses text.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from pipeline.execution.parameters import as_text

# Of an ExecutorInput's messages: conditions name fields as the protobuf does, its JSON form has other names.
_PROTOBUF_NAMES = {
    "parameterValues": "parameter_values",
    "customProperties": "custom_properties",
    "schemaTitle": "schema_title",
    "instanceSchema": "instance_schema",
    "schemaVersion": "schema_version",
}
# Fields whose keys are the pipeline's, and stay as they are.
_FREE_KEYS = ("parameterValues", "metadata", "properties", "customProperties")


class ConditionError(ValueError):
    """An expression that is not CEL, or that names a value which the step does not have."""


def holds(condition: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a step with these inputs (`inputs` of an ExecutorInput) runs; an empty condition holds.

    Raises:
        ConditionError: an expression that cannot be evaluated, or whose value is neither true nor false.
    """
    if not condition:
        return True
    value = _evaluated("condition", condition, {"inputs": _with_protobuf_names(inputs)})
    if not isinstance(value, bool):
        raise ConditionError(f"condition {condition!r}: found {value!r}; expected true or false")
    return value


def selected(expression: str, value: Any) -> Any:
    """Evaluate the selector of a part of a parameter's value, such as `parseJson(string_value)["x"]`.

    Raises:
        ConditionError: an expression that cannot be evaluated.
    """
    # A value has its text beside the field of its own type.
    fields: dict[str, Any] = {"string_value": as_text(value)}
    if isinstance(value, bool):
        fields["bool_value"] = value
    elif isinstance(value, (int, float)):
        fields["number_value"] = value
    elif isinstance(value, list):
        fields["list_value"] = value
    elif isinstance(value, dict):
        fields["struct_value"] = value
    return _evaluated("selector", expression, fields)


def _evaluated(kind: str, expression: str, variables: Mapping[str, Any]) -> Any:
    # Half a second, and few pipelines have conditions.
    import celpy

    environment = _environment()
    try:
        program = environment.program(environment.compile(expression), functions=_functions())
        value = program.evaluate({name: _to_cel(value) for name, value in variables.items()})
    except celpy.CELParseError as error:
        raise ConditionError(f"{kind} {expression!r}: cannot be read: {error}") from error
    except celpy.CELEvalError as error:
        # The message of an unknown name ends with every name and function that there is.
        reason = str(error.args[0]).partition(" (in activation")[0]
        raise ConditionError(f"{kind} {expression!r}: {reason}") from error
    return json.loads(json.dumps(value, cls=celpy.CELJSONEncoder))


@functools.cache
def _environment() -> Any:
    import celpy

    return celpy.Environment()


def _functions() -> dict[str, Any]:
    """What differs from cel-python's own functions and operators."""
    from celpy import celtypes
    from celpy.evaluation import base_functions

    def is_number(value: Any) -> bool:
        return isinstance(value, (celtypes.IntType, celtypes.UintType, celtypes.DoubleType))

    def equal(left: Any, right: Any) -> Any:
        if is_number(left) and is_number(right):
            return celtypes.BoolType(float(left) == float(right))
        return base_functions["_==_"](left, right)

    def unequal(left: Any, right: Any) -> Any:
        if is_number(left) and is_number(right):
            return celtypes.BoolType(float(left) != float(right))
        return base_functions["_!=_"](left, right)

    def number(kind: Any, value: Any) -> Any:
        if isinstance(value, celtypes.BoolType):
            raise ValueError(f"found {bool(value)}; expected a number or a text")
        return kind(value)

    def string(value: Any) -> Any:
        plain = bool(value) if isinstance(value, celtypes.BoolType) else value
        return celtypes.StringType(as_text(float(plain) if is_number(plain) else plain))

    def parse_json(text: Any) -> Any:
        return _to_cel(json.loads(text))

    return {
        "_==_": equal,
        "_!=_": unequal,
        "int": functools.partial(number, celtypes.IntType),
        "double": functools.partial(number, celtypes.DoubleType),
        "string": string,
        "parseJson": parse_json,
    }


def _to_cel(value: Any) -> Any:
    """A value in JSON form as CEL sees a protobuf Value: every number is a double."""
    import celpy

    return celpy.json_to_cel(json.loads(json.dumps(value), parse_int=float))


def _with_protobuf_names(message: Any) -> Any:
    if isinstance(message, list):
        return [_with_protobuf_names(item) for item in message]
    if not isinstance(message, Mapping):
        return message
    return {
        _PROTOBUF_NAMES.get(name, name): field if name in _FREE_KEYS else _with_protobuf_names(field)
        for name, field in message.items()
    }
