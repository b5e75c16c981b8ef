"""Single JSON values and nested lists of them, as the values of one tensor and back."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serving.server.errors import Code, ServingError, invalid

_JSON_TYPES = {
    type(None): "Null",
    dict: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
}
# DataType -> (TensorFlow's name for it, field, smallest, largest) for whole numbers.
_WHOLE = {
    types_pb2.DT_INT32: ("int32", "int_val", -(2**31), 2**31 - 1),
    types_pb2.DT_INT16: ("int16", "int_val", -(2**31), 2**31 - 1),
    types_pb2.DT_INT8: ("int8", "int_val", -(2**31), 2**31 - 1),
    types_pb2.DT_UINT8: ("uint8", "int_val", -(2**31), 2**31 - 1),
    types_pb2.DT_INT64: ("int64", "int64_val", -(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: ("uint32", "uint32_val", 0, 2**32 - 1),
    types_pb2.DT_UINT64: ("uint64", "uint64_val", 0, 2**64 - 1),
}
_REAL = {types_pb2.DT_FLOAT: ("float", "float_val"), types_pb2.DT_DOUBLE: ("double", "double_val")}


def shape_of(value: Any) -> list[int]:
    """The shape that the first elements promise; `append_values` holds the others to it."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def append_values(tensor: TensorProto, value: Any, dtype: int, shape: list[int], level: int = 0) -> int:
    """Appends the values of a nested list; gives their number."""
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {as_text(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        _append(tensor, value, dtype)
        return 1
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    return sum(append_values(tensor, element, dtype, shape, level + 1) for element in value)


def _append(tensor: TensorProto, value: Any, dtype: int) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if dtype == types_pb2.DT_STRING:
        if isinstance(value, dict):
            tensor.string_val.append(from_base64(value))
        elif isinstance(value, str):
            tensor.string_val.append(utf8_of(value))
        else:
            raise _wrong_type(value, "string")
    elif dtype in _REAL:
        kind, field = _REAL[dtype]
        if not is_number:
            raise _wrong_type(value, kind)
        largest = np.finfo(np.float32 if kind == "float" else np.float64)
        digits = 2 ** (largest.nmant + 1) - 1
        too_long = isinstance(value, int) and abs(value) > digits
        if too_long or (np.isfinite(value) and abs(value) > largest.max):
            raise invalid(f"Cannot convert JSON value: {as_text(value)} to {kind} without loss of precision.")
        getattr(tensor, field).append(value)
    elif dtype in _WHOLE:
        kind, field, smallest, largest_int = _WHOLE[dtype]
        if not is_number or isinstance(value, float) or not smallest <= value <= largest_int:
            raise _wrong_type(value, kind)
        getattr(tensor, field).append(value)
    elif dtype == types_pb2.DT_BOOL:
        if not isinstance(value, bool):
            raise _wrong_type(value, "bool")
        tensor.bool_val.append(value)
    else:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"Conversion of JSON Value: {as_text(value)} to type: {types_pb2.DataType.Name(dtype)}",
        )


def utf8_of(text: str) -> bytes:
    """The bytes of a JSON string.

    Raises:
      ServingError: half a surrogate pair, which no UTF-8 can hold.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error


def is_base64(value: Any) -> bool:
    """Whether `value` is bytes as JSON tells them."""
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def from_base64(value: dict[str, Any]) -> bytes:
    """The bytes of a `{"b64": ...}` object.

    Raises:
      ServingError: it is none, or its text is no base64.
    """
    if not is_base64(value):
        raise invalid(f"JSON Value: {as_text(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def to_json(alias: str, array: np.ndarray) -> Any:
    """Nested lists of JSON values; float32 with the fewest digits that mean the same float32."""
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
    """`value` as JSON, for a message."""
    return json.dumps(value, ensure_ascii=False)


def type_name(value: Any) -> str:
    """The JSON type of `value` in the words of TensorFlow Serving."""
    return str(value) if isinstance(value, bool) else _JSON_TYPES[type(value)]


def _wrong_type(value: Any, kind: str) -> ServingError:
    return invalid(f"JSON Value: {as_text(value)} Type: {type_name(value)} is not of expected type: {kind}")
