"""Clients that send what no client should: a refusal is the right answer, a crash and a blunder are not."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import TypeVar

import grpc
import httpx

from benchmarks.soak.honest import DEADLINE, PREDICT
from benchmarks.soak.tally import Tally
from serving.client.protocol.messages import serving_pb2, tensor_pb2

_Sent = TypeVar("_Sent")

# What a refusal may be called.
GRPC_REFUSALS = {
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "NOT_FOUND",
    "OUT_OF_RANGE",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
}
REST_REFUSALS = {400, 404, 411, 413, 429, 501, 503}
# What gRPC itself answers, as INTERNAL, to bytes that are no message.
_UNREADABLE = "Exception deserializing request!"

BODIES = [
    b"",
    b"{",
    b'{"instances": []}',
    b'{"instances": [{"b64": "%%"}]}',
    b'{"instances": [{"b64": "//8="}]}',
    b'{"signature_name": "decode_text", "instances": [1, null, [[]]]}',
    b'{"signature_name": "nothing", "inputs": {"text": ["a"]}}',
    b'{"instances": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"instances": [' + b"9" * 5000 + b"]}",
    b'{"signature_name": "decode_text", "instances": ["\\ud800"]}',
]
RAW = [
    b"\0" * 64,
    b"GET / HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
    b"\x16\x03\x01" * 20,
]


def grpc_requests(model: str) -> list[bytes]:
    """Requests with shapes without content, contents without a shape, and bytes that are no request."""
    sent = [b"\xff" * 20]
    for signature, name in (("decode", "examples"), ("decode_text", "text"), ("decode_tokens", "tokens")):
        for shape in ([], [0], [-1], [2, 2], [0, 2**62], [2**62], [1] * 40):
            request = _request(model, signature, name)
            for size in shape:
                request.inputs[name].tensor_shape.dim.add(size=size)
            request.inputs[name].string_val.append(b"\xff\x00")
            sent.append(request.SerializeToString())
        request.inputs[name].dtype = tensor_pb2.DT_FLOAT
        request.output_filter.append("nothing")
        sent.append(request.SerializeToString())
    return sent


def over_grpc(target: str, model: str, tally: Tally, ended: threading.Event) -> None:
    """Send malformed requests until the end."""
    with grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        predict = channel.unary_unary(PREDICT)
        for request in _until(ended, grpc_requests(model)):
            try:
                predict(request, timeout=DEADLINE)
            except grpc.RpcError as error:
                status, details = error.code().name, error.details() or ""
                allowed = status in GRPC_REFUSALS or details == _UNREADABLE
                tally.add("hostile gRPC", status, wrong="" if allowed else details)
            else:
                tally.add("hostile gRPC", "OK")


def over_rest(target: str, model: str, tally: Tally, ended: threading.Event) -> None:
    """Post malformed bodies until the end."""
    with httpx.Client(base_url=f"http://{target}", timeout=DEADLINE) as client:
        for body in _until(ended, BODIES):
            try:
                answer = client.post(f"/v1/models/{model}:predict", content=body)
            except httpx.TransportError as error:
                tally.add("hostile REST", type(error).__name__, wrong=str(error) or repr(body[:40]))
                continue
            status = answer.status_code
            allowed = status == 200 or status in REST_REFUSALS
            tally.add("hostile REST", str(status), wrong="" if allowed else answer.text)


def as_bytes(targets: list[str], tally: Tally, ended: threading.Event) -> None:
    """Write to the ports what is no protocol of theirs, and hang up or stay silent."""
    for target, content in _until(ended, list(itertools.product(targets, RAW))):
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
            connection.sendall(content)
            ended.wait(0.2)
        tally.add("hostile bytes", "sent")


def _until(ended: threading.Event, each: Sequence[_Sent]) -> Iterator[_Sent]:
    return itertools.takewhile(lambda _: not ended.wait(0.02), itertools.cycle(each))


def _request(model: str, signature: str, name: str) -> serving_pb2.PredictRequest:
    request = serving_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    request.inputs[name].dtype = tensor_pb2.DT_STRING
    return request
