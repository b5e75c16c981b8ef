"""Clients that ask what they may: every answer must come, and be the one that was given in the quiet before."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import grpc
import httpx

from benchmarks.soak.tally import Tally
from serving.client.protocol.messages import example_pb2, serving_pb2
from serving.client.protocol.tensors import fill_strings, values_of

PREDICT = "/tensorflow.serving.PredictionService/Predict"
TEXTS = [
    "Anna Keller flew from Berlin to Oslo in May .",
    "no names",
    "Bob",
    "Zoë met Łukasz , 3.5 km from 東京 .",
    "word " * 60 + "Rome .",
]
DEADLINE = 30.0

Tags = list[str]
Ask = Callable[[str], Tags]


def over_grpc(target: str, model: str) -> Ask:
    """Make a function that asks `decode_text` over a connection of its own."""
    predict = _predict(target)

    def ask(text: str) -> Tags:
        return _tags(predict(_request(model, "decode_text", "text", text.encode()), timeout=DEADLINE))

    return ask


def with_examples(target: str, model: str) -> Ask:
    """The same by `decode`, whose tf.Examples share their batches with malformed ones."""
    predict = _predict(target)

    def ask(text: str) -> Tags:
        example = example_pb2.Example()
        example.features.feature["tokens"].bytes_list.value.extend(word.encode() for word in text.split())
        request = _request(model, "decode", "examples", example.SerializeToString())
        return _tags(predict(request, timeout=DEADLINE))

    return ask


def over_rest(target: str, model: str) -> Ask:
    """The same over REST."""
    client = httpx.Client(base_url=f"http://{target}", timeout=DEADLINE)

    def ask(text: str) -> Tags:
        body = {"signature_name": "decode_text", "instances": [text]}
        answer = client.post(f"/v1/models/{model}:predict", json=body).raise_for_status()
        return [tag for tag in answer.json()["predictions"][0]["tags"] if tag]

    return ask


def keep_asking(kind: str, ask: Ask, expected: dict[str, Tags], tally: Tally, ended: threading.Event) -> None:
    """Ask for the texts in turn until the end, each time comparing the tags with the expected ones."""
    for text in itertools.cycle(expected):
        if ended.is_set():
            return
        try:
            tags = ask(text)
        except grpc.RpcError as error:
            tally.add(kind, error.code().name, lost=error.details() or "")
        except httpx.HTTPStatusError as error:
            tally.add(kind, str(error.response.status_code), lost=error.response.text)
        except httpx.TransportError as error:
            tally.add(kind, type(error).__name__, lost=str(error))
        else:
            differs = tags != expected[text]
            tally.add(kind, "OK", wrong=f"{text}: {tags}, expected {expected[text]}" if differs else "")


def _predict(target: str) -> Callable[..., Any]:
    channel = grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)])
    return channel.unary_unary(
        PREDICT, serving_pb2.PredictRequest.SerializeToString, serving_pb2.PredictResponse.FromString
    )


def _request(model: str, signature: str, name: str, value: bytes) -> serving_pb2.PredictRequest:
    request = serving_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    fill_strings(request.inputs[name], [value])
    return request


def _tags(answer: serving_pb2.PredictResponse) -> Tags:
    return [tag.decode() for tag in values_of("tags", answer.outputs["tags"]) if tag]
