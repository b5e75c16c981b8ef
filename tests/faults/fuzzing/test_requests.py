"""Tensors of every type and shape, and JSON of every form, to a real server: answered, or refused by a documented code.

Never UNKNOWN, INTERNAL or 500, never later than the deadline, and its memory does not grow.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.process import ServerProcess, start_server_process
from tests.faults.conftest import Faults
from tests.faults.fuzzing.bounds import bounded
from tests.faults.fuzzing.mutations import changed, mutated
from tests.serving import tiny_model

DEADLINE = 20.0
# The first requests fill the allocator's pools. Held arrays of the requests' shapes would be gigabytes.
MOST_GROWTH_MB = 250
# Each signature with its inputs; `slow` runs as long as it is told to.
TINY = {
    "arithmetic": ("x", "y"),
    "echo": ("s", "i", "b"),
    "decode": ("examples",),
    "decode_text": ("text",),
    "decode_tokens": ("tokens",),
    "explain": ("text",),
}
REAL = {
    **dict.fromkeys(("decode", "decode_nbest", "evaluate", "serving_default"), ("examples",)),
    **dict.fromkeys(("decode_text", "explain"), ("text",)),
    "decode_tokens": ("tokens",),
}
CALLS = [
    (model, name, inputs) for model, all_ in (("tiny", TINY), ("real", REAL)) for name, inputs in all_.items()
]
GRPC_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNIMPLEMENTED,
}
REST_CODES = {200, 400, 404, 413, 429, 501, 503}

DIMENSION = st.sampled_from([0, 1, 1, 2, 3, 7, 1000, -1, -(2**63), 2**40, 2**62, 2**63 - 1])
SHAPE = st.one_of(st.none(), st.lists(DIMENSION, max_size=4), st.just([1] * 33), st.just([0, 2**62]))
DTYPE = st.one_of(st.sampled_from(types_pb2.DataType.values()), st.sampled_from([7, 7, 7, 1, 9, 10, 3]))
TEXT = st.one_of(st.sampled_from([b"", b"Anna left", b"\xff\xfe", b"x" * 5000]), st.binary(max_size=12))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "batching"])
def server(
    request: pytest.FixtureRequest, exported_tagger: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("served")
    tiny_model.export(home / "tiny" / "1", signatures=tuple(TINY))
    (home / "real").mkdir()
    shutil.copytree(exported_tagger, home / "real" / "1")
    models = "".join(
        f'config {{ name: "{name}" base_path: "{home}/{name}" model_platform: "tensorflow" }}\n'
        for name in ("tiny", "real")
    )
    (home / "models.config").write_text(f"model_config_list {{ {models} }}")
    flags = [f"--model_config_file={home}/models.config", f"--enable_batching={str(request.param).lower()}"]
    log = home / "server.log"
    with start_server_process(home, "tiny", log, 120, rest_api_port=-1, extra_flags=flags) as process:
        yield process
        assert process.is_running


@pytest.fixture
def flat_memory(server: ServerProcess) -> Iterator[None]:
    """What a test asks for does not stay in the server's memory."""
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    yield
    assert process.memory_info().rss - before < MOST_GROWTH_MB * 1e6


@st.composite
def tensors(draw: st.DrawFn) -> tf.compat.v1.TensorProto:
    """A tensor whose type, shape and content have nothing to do with each other, or much."""
    proto = tf.make_tensor_proto(draw(st.lists(TEXT, min_size=1, max_size=3)))
    if draw(st.integers(0, 3)):
        shape = draw(SHAPE)
        proto.tensor_shape.Clear()
        if shape is None:
            proto.tensor_shape.unknown_rank = True
        else:
            for size in shape:
                proto.tensor_shape.dim.add(size=size)
    if draw(st.booleans()):
        proto.dtype = draw(DTYPE)
    if draw(st.booleans()):
        proto.float_val.extend(draw(st.lists(st.floats(width=32), max_size=4)))
        proto.int64_val.extend(draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)))
        proto.int_val.extend(draw(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)))
    if not draw(st.integers(0, 3)):
        proto.tensor_content = draw(st.binary(max_size=24))
    return proto


@st.composite
def requests(draw: st.DrawFn) -> PredictRequest:
    model, signature, inputs = draw(st.sampled_from(CALLS))
    request = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name in inputs:
        request.inputs[name].CopyFrom(draw(tensors()))
    if not draw(st.integers(0, 5)):
        request.inputs[draw(st.sampled_from(["", "other", "x"]))].CopyFrom(draw(tensors()))
    if not draw(st.integers(0, 5)):
        request.output_filter.extend(
            draw(st.lists(st.sampled_from(["tags", "lengths", "nothing", ""]), max_size=3))
        )
    if not draw(st.integers(0, 9)):
        request.model_spec.version.value = draw(st.sampled_from([0, 1, 2, -1, 2**63 - 1]))
    if not draw(st.integers(0, 9)):
        request.model_spec.name = draw(st.sampled_from(["", "nobody", "a\0b", "x" * 5000]))
    return request


@pytest.mark.usefixtures("flat_memory")
@bounded(250)
@given(request=requests())
def test_tensors(server: ServerProcess, faults: Faults, request: PredictRequest) -> None:
    with faults.tried(), grpc.insecure_channel(server.target) as channel:
        try:
            answer = PredictionServiceStub(channel).Predict(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            if error.code() not in GRPC_CODES:
                raise
            return
        for output in answer.outputs.values():
            assert math.prod(dim.size for dim in output.tensor_shape.dim) >= 0


@pytest.mark.usefixtures("flat_memory")
@bounded(80)
@given(body=st.binary(max_size=60))
def test_bytes_that_are_no_request(server: ServerProcess, faults: Faults, body: bytes) -> None:
    with faults.tried(), grpc.insecure_channel(server.target) as channel:
        try:
            channel.unary_unary("/tensorflow.serving.PredictionService/Predict")(body, timeout=DEADLINE)
        except grpc.RpcError as error:
            # gRPC answers so itself what it cannot turn into a message.
            unreadable = error.details() == "Exception deserializing request!"
            if not unreadable and error.code() not in GRPC_CODES:
                raise


VALUES = {
    "x": [[1, 2.5]],
    "y": 0,
    "s": ["a"],
    "i": [1],
    "b": [True],
    "examples": [{"b64": ""}],
    "text": ["Anna left"],
}
VALUES["tokens"] = [["Anna", "left"]]


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """The path and the changed body of a REST request."""
    model, signature, inputs = draw(st.sampled_from(CALLS))
    columns: dict[str, Any] = {name: VALUES[name] for name in inputs}
    only = columns[inputs[0]] if len(inputs) == 1 else columns
    body = draw(
        st.sampled_from(
            [
                {"signature_name": signature, "inputs": only},
                {"signature_name": signature, "inputs": columns},
                {"signature_name": signature, "instances": only if isinstance(only, list) else [columns]},
            ]
        )
    )
    if draw(st.booleans()):
        return model, json.dumps(draw(changed(body))).encode()
    return model, draw(mutated(json.dumps(body).encode()))


@pytest.mark.usefixtures("flat_memory")
@bounded(200)
@given(request=bodies())
def test_json(server: ServerProcess, faults: Faults, request: tuple[str, bytes]) -> None:
    model, body = request
    with faults.tried():
        answer = httpx.post(
            f"http://{server.rest_target}/v1/models/{model}:predict", content=body, timeout=DEADLINE
        )
        assert answer.status_code in REST_CODES, answer.text
        assert answer.status_code == 200 or answer.json()["error"]


PACKED = gzip.compress(json.dumps({"signature_name": "decode_text", "inputs": VALUES["text"]}).encode())
# 4 MB that hold 4 GB: each member by itself would unpack into more than a body may hold.
BOMB = gzip.compress(bytes(2**26)) * 64


@pytest.mark.usefixtures("flat_memory")
@bounded(80)
@given(body=st.one_of(mutated(PACKED), st.binary(max_size=60).map(gzip.compress), st.just(BOMB)))
def test_gzip_bodies(server: ServerProcess, faults: Faults, body: bytes) -> None:
    with faults.tried():
        url = f"http://{server.rest_target}/v1/models/real:predict"
        answer = httpx.post(url, content=body, headers={"Content-Encoding": "gzip"}, timeout=DEADLINE)
        assert answer.status_code in REST_CODES, answer.text
        assert answer.status_code == 200 or answer.json()["error"]


@bounded(80)
@given(
    head=mutated(
        b"POST /v1/models/tiny/versions/1:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    )
)
def test_heads_of_requests(server: ServerProcess, faults: Faults, head: bytes) -> None:
    assert server.rest_target is not None
    host, _, port = server.rest_target.rpartition(":")
    with faults.tried(), socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
        connection.sendall(head)
        # The server answers what is complete, and waits for the rest of what is not.
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
        status = re.match(rb"HTTP/1\.1 (\d+) ", answer)
        assert not answer or (status and int(status[1]) in REST_CODES), answer
