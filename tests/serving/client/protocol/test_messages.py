"""The client's own messages: the same on the wire as TensorFlow Serving's, and importable beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import get_model_status_pb2, predict_pb2

from serving.client.protocol import messages
from serving.client.protocol.generate import generate
from serving.client.protocol.messages import example_pb2, serving_pb2, tensor_pb2

PAIRS = [
    (serving_pb2.PredictRequest, predict_pb2.PredictRequest),
    (serving_pb2.PredictResponse, predict_pb2.PredictResponse),
    (serving_pb2.GetModelStatusRequest, get_model_status_pb2.GetModelStatusRequest),
    (serving_pb2.GetModelStatusResponse, get_model_status_pb2.GetModelStatusResponse),
    (example_pb2.Example, tf.train.Example),
]


def fields(descriptor, depth=0):
    """Every field below a message: path -> (number, wire type, repeated)."""
    by_path = {}
    for field in descriptor.fields:
        # On the wire an enum is an int32.
        kind = field.TYPE_INT32 if field.type == field.TYPE_ENUM else field.type
        by_path[field.name] = (field.number, kind, field.label)
        if field.message_type and depth < 5:
            below = fields(field.message_type, depth + 1)
            by_path |= {f"{field.name}.{name}": value for name, value in below.items()}
    return by_path


@pytest.mark.parametrize(("own", "real"), PAIRS)
def test_every_field_is_one_of_the_real_message(own, real):
    assert fields(own.DESCRIPTOR).items() <= fields(real.DESCRIPTOR).items()


def test_enums_have_the_real_numbers():
    real = get_model_status_pb2.ModelVersionStatus.State
    assert serving_pb2.ModelVersionStatus.State.items() == real.items()
    assert set(tensor_pb2.DataType.items()) <= set(types_pb2.DataType.items())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=4), st.none() | st.integers(0, 2**40), st.text(max_size=9))
def test_requests_are_byte_for_byte_the_real_ones(values, version, signature):
    requests = []
    for kind in (serving_pb2.PredictRequest, predict_pb2.PredictRequest):
        request = kind()
        request.model_spec.name = "tagger"
        request.model_spec.signature_name = signature.encode("utf-8", "replace").decode()
        if version is not None:
            request.model_spec.version.value = version
        request.inputs["text"].dtype = 7
        request.inputs["text"].string_val.extend(values)
        request.inputs["text"].tensor_shape.dim.add(size=len(values))
        request.output_filter.append("tags")
        requests.append(request.SerializeToString(deterministic=True))
    assert requests[0] == requests[1]


def test_the_real_messages_import_after_the_own_ones():
    # The other order is the one in which this file imports them.
    script = """
from serving.client.protocol.messages import serving_pb2, example_pb2
from tensorflow_serving.apis import predict_pb2, get_model_status_pb2
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_the_committed_messages_are_those_that_the_sources_generate(tmp_path: Path):
    generate(tmp_path)
    committed = Path(messages.__file__).parent
    fresh = {path.name: path.read_text() for path in tmp_path.rglob("*_pb2.py")}
    assert fresh == {path.name: path.read_text() for path in committed.glob("*_pb2.py")}
