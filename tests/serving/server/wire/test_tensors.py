"""TensorProto and arrays, with TensorFlow's own converters as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.wire.tensors import UnreadableTensor, fill_proto, to_array

NUMBERS = st.sampled_from(["f4", "f8", "i4", "i8", "u1", "i2", "i1", "u2", "u4", "u8", "?"])
ARRAYS = hnp.arrays(NUMBERS.map(np.dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
STRINGS = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3).flatmap(
    lambda shape: hnp.arrays(object, shape, elements=st.binary(max_size=300), fill=st.nothing())
)


@settings(max_examples=100, deadline=None)
@given(ARRAYS | STRINGS)
def test_there_and_back_as_tensorflow_does(array):
    written = tensor_pb2.TensorProto()
    fill_proto(written, array)
    np.testing.assert_array_equal(tf.make_ndarray(written), array)
    back = to_array(tf.make_tensor_proto(array))
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)


@settings(max_examples=50, deadline=None)
@given(STRINGS)
def test_strings_packed_by_tensorflow(array):
    packed = tf.io.serialize_tensor(tf.constant(array, tf.string)).numpy()
    np.testing.assert_array_equal(to_array(tensor_pb2.TensorProto.FromString(packed)), array)


def proto(dtype: int, *sizes: int, **fields: object) -> tensor_pb2.TensorProto:
    made = tensor_pb2.TensorProto(dtype=dtype, **fields)
    for size in sizes:
        made.tensor_shape.dim.add(size=size)
    return made


def test_one_value_may_stand_for_all_elements_of_a_small_tensor():
    assert to_array(proto(types_pb2.DT_INT32, 4, int_val=[2])).tolist() == [2, 2, 2, 2]
    assert to_array(proto(types_pb2.DT_STRING, 2, string_val=[b"a"])).tolist() == [b"a", b"a"]
    assert to_array(proto(types_pb2.DT_STRING, 0, 5)).shape == (0, 5)


@pytest.mark.parametrize(
    "broken",
    [
        proto(types_pb2.DT_INVALID, 1),
        proto(types_pb2.DT_FLOAT, -1),
        proto(types_pb2.DT_FLOAT, *[1] * 33, float_val=[1]),
        proto(types_pb2.DT_FLOAT, 3, tensor_content=b"1234"),
        proto(types_pb2.DT_STRING, 2, tensor_content=b"\x01\x05ab"),
        proto(types_pb2.DT_STRING, 2, tensor_content=b"\x80\x80"),
        proto(types_pb2.DT_STRING, 2**40, tensor_content=b"\x01"),
        proto(types_pb2.DT_DOUBLE, 2**40, 2**40, 2**40),
        proto(types_pb2.DT_INT32, 2),
        proto(types_pb2.DT_INT32, 4, int_val=[1, 2]),
        proto(types_pb2.DT_INT32, 2, int_val=[1, 2, 3]),
        proto(types_pb2.DT_INT32, 0, int_val=[1]),
        proto(types_pb2.DT_INT32, 2, float_val=[1, 2]),
        proto(types_pb2.DT_FLOAT, 1000, 1000, 10, float_val=[1]),
        proto(types_pb2.DT_STRING, 1000, string_val=[b"a" * 1000]),
        proto(types_pb2.DT_STRING, 0, 2**62),
        proto(types_pb2.DT_STRING, 2**20, 0),
        proto(types_pb2.DT_FLOAT, 0, tensor_content=b"1234"),
        proto(types_pb2.DT_UINT8, 2, int_val=[1, 300]),
        proto(999, 1, int_val=[1]),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape={"unknown_rank": True}),
    ],
)
def test_invalid_tensors_are_refused(broken):
    with pytest.raises(UnreadableTensor):
        to_array(broken)
