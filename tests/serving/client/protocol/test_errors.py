"""A server's refusals as the client's errors: their type, their advice, and whether the client retries."""

from __future__ import annotations

import socket
import threading
import time

import grpc
import pytest

from serving.client import (
    DeadlineExceeded,
    LabelNotFound,
    ModelNotFound,
    Overloaded,
    RequestRefused,
    RequestTooLarge,
    ServerUnreachable,
    SignatureMissing,
    TaggerError,
    UnexpectedAnswer,
)
from serving.client.answers import read_answer
from serving.client.protocol.messages import serving_pb2
from tests.serving.client.scripted_server import scripted, tagged
from tests.serving.client.taggers import connect
from tests.serving.running import free_port

Code = grpc.StatusCode
QUEUE_FULL = "The batch scheduling queue to which this task was submitted is full"

# The server's code and message, the client's error and advice, and how many requests two retries allow.
REFUSALS = [
    (Code.NOT_FOUND, "Servable not found for request: Latest(tagger)", ModelNotFound, "--model_name", 1),
    (Code.INVALID_ARGUMENT, "Unrecognized servable version label: old", LabelNotFound, "model config", 1),
    (Code.UNAVAILABLE, "Model labels does not init yet.old", LabelNotFound, "request a version", 1),
    (Code.FAILED_PRECONDITION, 'Serving signature key "x" not found.', SignatureMissing, "export it", 1),
    (Code.UNAVAILABLE, QUEUE_FULL, Overloaded, "in_flight", 3),
    (
        Code.RESOURCE_EXHAUSTED,
        "Run() timeout exceeded while waiting in batching queue",
        Overloaded,
        "retries",
        3,
    ),
    (Code.UNAVAILABLE, "the server is going", ServerUnreachable, "start one there", 3),
    (
        Code.RESOURCE_EXHAUSTED,
        "Received message larger than max (9 vs. 4)",
        RequestTooLarge,
        "batch_size",
        1,
    ),
    (Code.DEADLINE_EXCEEDED, "Deadline Exceeded", DeadlineExceeded, "longer timeout", 1),
    (Code.INVALID_ARGUMENT, "Missing ModelSpec", RequestRefused, "INVALID_ARGUMENT: Missing ModelSpec", 1),
    (Code.INTERNAL, "", RequestRefused, "INTERNAL", 1),
]


@pytest.mark.parametrize(("code", "words", "kind", "advice", "tries"), REFUSALS)
def test_refusals(code, words, kind, advice, tries):
    requests = []

    def refuse(request, context):
        requests.append(request)
        context.abort(code, words)

    with (
        scripted(refuse) as target,
        connect(target, retries=2) as tagger,
        pytest.raises(TaggerError) as caught,
    ):
        tagger.tag("Anna")
    assert target in str(caught.value)
    assert type(caught.value) is kind
    assert words in str(caught.value) or kind is DeadlineExceeded
    assert advice in str(caught.value)
    assert caught.value.index is None
    assert isinstance(caught.value.__cause__, grpc.RpcError)
    assert len(requests) == tries


def test_a_full_queue_is_retried_until_it_has_room():
    answers = iter([False, False, True])

    def at_last(request, context):
        if not next(answers):
            context.abort(Code.UNAVAILABLE, QUEUE_FULL)
        return tagged(request)

    with scripted(at_last) as target, connect(target) as tagger:
        assert [entity.text for entity in tagger.tag("Anna left").entities] == ["Anna"]
    assert list(answers) == []


def test_a_server_that_starts_late_is_reached():
    answered = threading.Event()

    def serve_late() -> None:
        time.sleep(0.3)
        with scripted(lambda request, _: tagged(request), port=port):
            answered.wait()

    port = free_port()
    server = threading.Thread(target=serve_late)
    server.start()
    with connect(f"localhost:{port}", timeout=60, retries=1000) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"
    answered.set()
    server.join()


def test_retries_end_with_the_deadline():
    # A thousand tries with growing pauses would outlast the test's own timeout.
    with (
        scripted(lambda _, context: context.abort(Code.UNAVAILABLE, QUEUE_FULL)) as target,
        connect(target, timeout=0.4, retries=1000) as tagger,
        pytest.raises((Overloaded, DeadlineExceeded)),
    ):
        tagger.tag("Anna")


def test_no_server():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        target = f"127.0.0.1:{taken.getsockname()[1]}"
        with connect(target, timeout=5, retries=2) as tagger:
            with pytest.raises(ServerUnreachable, match=f"no server answers at {target}"):
                tagger.tag("Anna")
            with pytest.raises(ServerUnreachable):
                tagger.status()


def test_a_server_that_does_not_answer_is_abandoned_at_the_deadline():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        connect(f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.3) as tagger,
        pytest.raises(DeadlineExceeded, match=r"within 0\.3 s"),
    ):
        tagger.tag("Anna")


def test_a_request_too_large_for_the_server():
    # The scripted server has gRPC's own limit of 4 MiB; TensorFlow Serving's is as high as the client's.
    tokens = ["Anna" * 20_000] * 80
    with (
        scripted(lambda request, _: tagged(request)) as target,
        connect(target) as tagger,
        pytest.raises(RequestTooLarge, match="takes no message of this size"),
    ):
        tagger.tag_tokens(tokens)


def test_an_answer_of_several_megabytes():
    def tagged_at_length(request, _):
        response = tagged(request)
        response.outputs["more"].string_val.append(b"x" * 5_000_000)
        return response

    with scripted(tagged_at_length) as target, connect(target) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"


def test_an_answer_of_another_kind_of_model():
    with (
        scripted(lambda *_: serving_pb2.PredictResponse()) as target,
        connect(target) as tagger,
        pytest.raises(UnexpectedAnswer, match="no tags, lengths"),
    ):
        tagger.tag("Anna")
    with pytest.raises(UnexpectedAnswer, match="no tags, lengths"):
        read_answer(serving_pb2.PredictResponse(), ["Anna"])


def test_all_errors_have_one_parent():
    for kind in (LabelNotFound, Overloaded, RequestTooLarge, ServerUnreachable, UnexpectedAnswer):
        assert issubclass(kind, TaggerError)
    assert issubclass(LabelNotFound, ModelNotFound)
