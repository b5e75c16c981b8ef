"""TensorProto to NumPy and back, through the typed fields (`string_val`, `float_val`, ...).

TensorFlow's own converters are general and slow, which shows where a request is one sentence. Reading and
writing the repeated fields as complete lists is what makes the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.wire.errors import Code, ServingError

# DataType -> (repeated field, NumPy type). Without float16, bfloat16 and complex, which travel as bits or
# pairs.
FIELDS: dict[int, tuple[str, type]] = {
    types_pb2.DT_FLOAT: ("float_val", np.float32),
    types_pb2.DT_DOUBLE: ("double_val", np.float64),
    types_pb2.DT_INT32: ("int_val", np.int32),
    types_pb2.DT_UINT8: ("int_val", np.uint8),
    types_pb2.DT_INT16: ("int_val", np.int16),
    types_pb2.DT_INT8: ("int_val", np.int8),
    types_pb2.DT_UINT16: ("int_val", np.uint16),
    types_pb2.DT_STRING: ("string_val", np.object_),
    types_pb2.DT_INT64: ("int64_val", np.int64),
    types_pb2.DT_BOOL: ("bool_val", np.bool_),
    types_pb2.DT_UINT32: ("uint32_val", np.uint32),
    types_pb2.DT_UINT64: ("uint64_val", np.uint64),
}
_MOST_DIMENSIONS = 32  # NumPy's limit
# A few bytes of shape must not cost megabytes: the most bytes of a tensor whose values were not all sent.
_MOST_UNSENT = 4096
_DATA_TYPES = {kind: number for number, (_, kind) in FIELDS.items()}


class UnreadableTensor(ValueError):
    """A TensorProto whose type, shape or content do not make a tensor."""


def to_array(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """Convert `proto` to an array; nothing is allocated before type, shape and values have been checked.

    One value may stand for all elements of a small tensor, as in TensorFlow Serving.

    Raises:
      UnreadableTensor: type, shape and content do not make a tensor.
    """
    if proto.dtype not in FIELDS:
        raise UnreadableTensor(f"type {type_name(proto.dtype)} cannot be sent to this server")
    if proto.tensor_shape.unknown_rank:
        raise UnreadableTensor("unknown rank")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if any(size < 0 for size in shape):
        raise UnreadableTensor(f"shape {shape}")
    if len(shape) > _MOST_DIMENSIONS:
        raise UnreadableTensor(f"{len(shape)} dimensions; at most {_MOST_DIMENSIONS} are supported")
    field, kind = FIELDS[proto.dtype]
    size = math.prod(shape)
    if not size and math.prod(filter(None, shape)) > _MOST_UNSENT:
        raise UnreadableTensor(
            f"shape {shape}: a tensor without elements may have {_MOST_UNSENT} rows at most"
        )
    if proto.tensor_content:
        return _from_content(proto.tensor_content, kind, size).reshape(shape)
    values = getattr(proto, field)
    if len(values) != size:
        _require_repeatable(values, kind, size, shape)
    flat: np.ndarray = np.empty(size, kind)
    flat[:] = list(values) if field != "int_val" or kind is np.int32 else _narrow(values, kind)
    return flat.reshape(shape)


def type_name(dtype: int) -> str:
    """Write a DataType, which may be any number in a request, as `string`, `float`, ..."""
    try:
        return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()
    except ValueError:
        return str(dtype)


def _require_repeatable(values: Sequence[object], kind: type, size: int, shape: list[int]) -> None:
    expected = f"shape {shape}: expected {size} values; found {len(values)}"
    if len(values) != 1 or not size:
        raise UnreadableTensor(expected)
    (value,) = values
    width = max(len(value), 1) if isinstance(value, bytes) else np.dtype(kind).itemsize
    if size * width > _MOST_UNSENT:
        raise UnreadableTensor(f"{expected}, which may be repeated up to {_MOST_UNSENT} bytes only")


def _narrow(values: Sequence[int], kind: type) -> np.ndarray:
    """The values of a type narrower than the field that they are sent in."""
    wide = np.array(list(values), np.int32)
    narrow: np.ndarray = wide.astype(kind)
    if (narrow != wide).any():
        raise UnreadableTensor(f"expected values of {np.dtype(kind)}; found some outside its range")
    return narrow


def _from_content(content: bytes, kind: type, size: int) -> np.ndarray:
    if kind is np.object_:
        return _strings(content, size)
    if len(content) != size * np.dtype(kind).itemsize:
        raise UnreadableTensor(f"{len(content)} bytes for {size} elements of {np.dtype(kind)}")
    return np.frombuffer(content, kind)


def _strings(content: bytes, size: int) -> np.ndarray:
    """Strings packed as TensorFlow packs them: all lengths as varints, then all bytes."""
    lengths, at = [], 0
    if size > len(content):
        raise UnreadableTensor("fewer bytes than strings")
    for _ in range(size):
        length, shift = 0, 0
        while True:
            if at >= len(content) or shift > 28:
                raise UnreadableTensor("string lengths end early")
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(length)
    if at + sum(lengths) != len(content):
        raise UnreadableTensor("string lengths do not add up to the content")
    flat = np.empty(size, np.object_)
    for index, length in enumerate(lengths):
        flat[index] = content[at : at + length]
        at += length
    return flat


def fill_proto(proto: tensor_pb2.TensorProto, array: np.ndarray) -> None:
    """Write `array` into the typed fields of an empty `proto`.

    Raises:
      ServingError: UNIMPLEMENTED for a type that has no plain typed field (half, complex, quantised).
    """
    number = _DATA_TYPES.get(array.dtype.type)
    if number is None:
        raise ServingError(
            Code.UNIMPLEMENTED, f"an output of type {array.dtype} cannot be sent by this server; cast it"
        )
    proto.dtype = number
    # Touched first: a scalar has a shape too, one without dimensions.
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, FIELDS[number][0]).extend(array.ravel().tolist())
