"""Convert TensorProto to plain Python lists and back: for small answers NumPy is not worth its import."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Any

from serving.client.protocol.errors import UnexpectedAnswer
from serving.client.protocol.messages import tensor_pb2

# DataType -> (repeated field, letter of `struct` for packed content).
_FIELDS = {
    tensor_pb2.DT_FLOAT: ("float_val", "f"),
    tensor_pb2.DT_DOUBLE: ("double_val", "d"),
    tensor_pb2.DT_INT32: ("int_val", "i"),
    tensor_pb2.DT_INT64: ("int64_val", "q"),
    tensor_pb2.DT_STRING: ("string_val", ""),
    tensor_pb2.DT_BOOL: ("bool_val", "?"),
}


def fill_strings(proto: tensor_pb2.TensorProto, values: Iterable[bytes]) -> None:
    """Fill an empty `proto` with the string tensor [B] of `values`."""
    proto.dtype = tensor_pb2.DT_STRING
    proto.string_val.extend(values)
    proto.tensor_shape.dim.add(size=len(proto.string_val))


def shape_of(proto: tensor_pb2.TensorProto) -> tuple[int, ...]:
    """Read the shape of a tensor."""
    return tuple(dim.size for dim in proto.tensor_shape.dim)


def values_of(name: str, proto: tensor_pb2.TensorProto) -> list[Any]:
    """Read all values of a tensor, row by row, as one flat list.

    Raises:
      UnexpectedAnswer: a type or an encoding that a tagger does not answer with.
    """
    size = math.prod(shape_of(proto))
    if proto.dtype not in _FIELDS:
        raise UnexpectedAnswer(f"output {name!r} has type {proto.dtype}; expected strings or numbers")
    field, letter = _FIELDS[proto.dtype]
    if proto.tensor_content and letter:
        layout = f"<{size}{letter}"
        if struct.calcsize(layout) != len(proto.tensor_content):
            raise UnexpectedAnswer(
                f"output {name!r} has {len(proto.tensor_content)} bytes; expected {struct.calcsize(layout)}"
            )
        return list(struct.unpack(layout, proto.tensor_content))
    values = list(getattr(proto, field))
    if len(values) < size:
        if not values:
            raise UnexpectedAnswer(f"output {name!r} has shape {shape_of(proto)} and no values")
        # A tensor of equal values may be sent as one: the last value stands for the rest.
        values.extend(values[-1:] * (size - len(values)))
    return values
