"""A real gRPC server that answers by a test's own function, for failures that healthy servers lack."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from serving.client.protocol.messages import example_pb2, serving_pb2, tensor_pb2

Predict = Callable[[serving_pb2.PredictRequest, grpc.ServicerContext], serving_pb2.PredictResponse]


@contextlib.contextmanager
def scripted(
    predict: Predict,
    *,
    credentials: grpc.ServerCredentials | None = None,
    port: int = 0,
    threads: int = 16,
) -> Iterator[str]:
    """`localhost:port` of a server that answers every Predict by `predict`; with credentials by TLS."""
    handler = grpc.unary_unary_rpc_method_handler(
        predict,
        request_deserializer=serving_pb2.PredictRequest.FromString,
        response_serializer=serving_pb2.PredictResponse.SerializeToString,
    )
    service = grpc.method_handlers_generic_handler(
        "tensorflow.serving.PredictionService", {"Predict": handler}
    )
    server = grpc.server(ThreadPoolExecutor(threads))
    server.add_generic_rpc_handlers((service,))
    if credentials is None:
        port = server.add_insecure_port(f"localhost:{port}")
    else:
        port = server.add_secure_port(f"localhost:{port}", credentials)
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(None).wait()


def rows_of(request: serving_pb2.PredictRequest) -> list[list[tuple[str, int, int]]]:
    """Each sentence's tokens with their offsets; a text's are split at white space."""
    if "text" in request.inputs:
        texts = [value.decode() for value in request.inputs["text"].string_val]
        return [[(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", text)] for text in texts]
    examples = map(example_pb2.Example.FromString, request.inputs["examples"].string_val)
    return [
        [(token.decode(), 0, 0) for token in example.features.feature["tokens"].bytes_list.value]
        for example in examples
    ]


def tagged(request: serving_pb2.PredictRequest) -> serving_pb2.PredictResponse:
    """A tagger's answer: capitalised words are B-PER; every confidence and score is 0.5."""
    rows = rows_of(request)
    width = max(map(len, rows), default=0)
    cells = [cell for row in rows for cell in row + [("", 0, 0)] * (width - len(row))]
    tags = [tag for row in rows for tag in [_tag(word) for word, _, _ in row] + [b""] * (width - len(row))]
    response = serving_pb2.PredictResponse()
    response.model_spec.name = request.model_spec.name

    def put(name: str, dtype: int, field: str, values: list, *shape: int) -> None:
        proto = response.outputs[name]
        proto.dtype = dtype
        getattr(proto, field).extend(values)
        for size in shape:
            proto.tensor_shape.dim.add(size=size)

    grid = (len(rows), width)
    put("tags", tensor_pb2.DT_STRING, "string_val", tags, *grid)
    put("confidence", tensor_pb2.DT_FLOAT, "float_val", [0.5] * len(cells), *grid)
    put("lengths", tensor_pb2.DT_INT32, "int_val", [len(row) for row in rows], len(rows))
    put("score", tensor_pb2.DT_FLOAT, "float_val", [0.5] * len(rows), len(rows))
    if "text" in request.inputs:
        put("tokens", tensor_pb2.DT_STRING, "string_val", [word.encode() for word, _, _ in cells], *grid)
        put("starts", tensor_pb2.DT_INT32, "int_val", [start for _, start, _ in cells], *grid)
        put("ends", tensor_pb2.DT_INT32, "int_val", [end for _, _, end in cells], *grid)
    return response


def _tag(word: str) -> bytes:
    return b"B-PER" if word[:1].isupper() else b"O"


class Gate:
    """A server's function that holds requests back until it is opened, and counts them."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = 0
        self.most_at_once = 0
        self.cancelled = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def __call__(self, request, context):
        with self._lock:
            self.begun += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        ended = threading.Event()
        if not context.add_callback(ended.set):
            ended.set()
        while not self.open.wait(0.005) and not ended.is_set():
            pass
        with self._lock:
            self._at_once -= 1
            self.cancelled += ended.is_set()
        return tagged(request)


def eventually(condition) -> None:
    """Wait for another thread; a test that waits in vain ends by its timeout."""
    while not condition():
        time.sleep(0.005)
