"""JSON values, alone or in nested lists, as the values of one tensor and back."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serving.server.wire.errors import Code, ServingError, invalid
from serving.server.wire.tensors import FIELDS

_LONGEST_EXCERPT = 200
_PLAIN_BASE64 = str.maketrans(".", "=", " \t\n\v\f\r")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_INTEGERS = {kind: np.iinfo(kind) for _, kind in FIELDS.values() if issubclass(kind, np.integer)}
_JSON_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String"}


def shape_of(value: Any) -> list[int]:
    """Read the shape off the first element of each level; `append_values` checks the others."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def append_values(tensor: TensorProto, value: Any, dtype: int, shape: list[int], level: int = 0) -> None:
    """Append the values of a nested list of shape `shape`.

    Raises:
      ServingError: a value of another type, or a list of another length or depth.
    """
    if not isinstance(value, list):
        if level < len(shape):
            raise invalid(f"expected a list of shape {shape}; found {as_text(value)} at level {level}")
        _append(tensor, value, dtype)
        return
    if level >= len(shape) or len(value) != shape[level]:
        raise invalid(f"expected a list of shape {shape}; found {len(value)} elements at level {level}")
    for element in value:
        append_values(tensor, element, dtype, shape, level + 1)


def _append(tensor: TensorProto, value: Any, dtype: int) -> None:
    if dtype not in FIELDS:
        name = types_pb2.DataType.Name(dtype)
        raise ServingError(Code.UNIMPLEMENTED, f"a tensor of type {name} cannot be sent as JSON: use gRPC")
    field, kind = FIELDS[dtype]
    values = getattr(tensor, field)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is np.object_ and isinstance(value, str):
        values.append(utf8_of(value))
    elif kind is np.object_ and isinstance(value, dict):
        values.append(from_base64(value))
    elif kind is np.bool_ and isinstance(value, bool):
        values.append(value)
    elif kind in (np.float32, np.float64) and is_number:
        # Rounded without an error, as in TensorFlow Serving.
        values.append(_float(value))
    elif (
        (limits := _INTEGERS.get(kind))
        and is_number
        and isinstance(value, int)
        and limits.min <= value <= limits.max
    ):
        values.append(value)
    else:
        found = str(value) if isinstance(value, bool) else _JSON_TYPES.get(type(value), "Number")
        raise invalid(
            f"JSON Value: {as_text(value)} Type: {found} is not of expected "
            f"type: {types_pb2.DataType.Name(dtype).removeprefix('DT_').lower()}"
        )


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise invalid("JSON Parse error: Number too big to be stored in double. at offset: 0") from error


def utf8_of(text: str) -> bytes:
    """Encode a JSON string.

    Raises:
      ServingError: half a surrogate pair, which UTF-8 cannot express.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error


def is_base64(value: Any) -> bool:
    """Whether `value` is a `{"b64": "..."}` object."""
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def from_base64(value: dict[str, Any]) -> bytes:
    """Decode a `{"b64": "..."}` object as abseil's `Base64Unescape` does, which TensorFlow Serving calls.

    It passes over ASCII white space, takes "." for "=", and wants all of the padding or none.

    Raises:
      ServingError: another object, or a text that is not base64.
    """
    if not is_base64(value):
        raise invalid(f'JSON Value: {as_text(value)} is not of the form {{"b64": "..."}}')
    text = value["b64"].translate(_PLAIN_BASE64)
    digits = text.rstrip("=")
    padding = "=" * (-len(digits) % 4)
    try:
        if text not in (digits, digits + padding):
            raise ValueError(f"expected {padding!r} or nothing after the digits")
        return base64.b64decode(digits + padding, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def to_json(alias: str, array: np.ndarray) -> Any:
    """Convert to nested lists of JSON values; a float32 gets the fewest digits that mean the same float32."""
    if array.dtype == np.object_:
        encode = _base64_object if alias.endswith("_bytes") else _utf8
        flat = np.empty(array.size, np.object_)
        flat[:] = [encode(value) for value in array.ravel()]
        return flat.reshape(array.shape).tolist()
    if array.dtype == np.float32:
        return array.astype(np.str_).astype(np.float64).tolist()
    return array.tolist()


def _utf8(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _base64_object(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode("ascii")}


def as_text(value: Any) -> str:
    """Write `value` as JSON for a message, cut where it is long."""
    text = ""
    for part in _ENCODER.iterencode(value):
        text += part[: _LONGEST_EXCERPT + 1]
        if len(text) > _LONGEST_EXCERPT:
            return f"{text[:_LONGEST_EXCERPT]}..."
    return text
