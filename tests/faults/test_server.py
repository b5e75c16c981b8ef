"""The embedded server under hostile clients: the honest ones beside them get every answer, and the right one."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.process import ServerProcess, start_server_process
from tests.faults.honest_clients import HonestClients, memory_of, request
from tests.serving import tiny_model
from tests.serving.folders import garbage, push, states, until
from tests.serving.server.management import ManagementClient

CODES = grpc.StatusCode
BAD = {CODES.UNKNOWN, CODES.INTERNAL}
MEBIBYTE = 2**20
CONNECTIONS = 2000
REFUSED = ("UNAVAILABLE", "CANCELLED")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "exported"
    tiny_model.export(folder)
    return folder


@contextlib.contextmanager
def serving(model: Path, folder: Path, *flags: str) -> Iterator[ServerProcess]:
    push(model, folder / "models" / "1")
    more = ["--file_system_poll_wait_seconds=0.2", "--load_retry_interval_micros=0", *flags]
    with start_server_process(
        folder / "models", "tagger", folder / "log", 120, rest_api_port=-1, extra_flags=more
    ) as process:
        yield process


@pytest.fixture(scope="module", params=["plain", "batching"])
def process(
    request: pytest.FixtureRequest, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    batching = f"--enable_batching={str(request.param == 'batching').lower()}"
    folder = tmp_path_factory.mktemp(request.param)
    with serving(model, folder, batching, "--rest_api_timeout_in_ms=20000") as started:
        yield started


def code_of(call: Callable[[], object]) -> grpc.StatusCode:
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return CODES.OK


def misshapen() -> list[PredictRequest]:
    """Requests whose tensors do not fit; each is INVALID_ARGUMENT."""
    made = [request("decode_text", text=[["a", "b"]]), request("decode_text", text=[1.0])]
    for sizes in ([0, 2**62], [-1], [2**40, 2**40], [1000, 1000, 10], [10**7], []):
        for signature, alias in (("decode_text", "text"), ("decode_tokens", "tokens")):
            one = request(signature)
            one.inputs[alias].dtype = 7
            for size in sizes:
                one.inputs[alias].tensor_shape.dim.add(size=size)
            made.append(one)
            one = PredictRequest.FromString(one.SerializeToString())
            one.inputs[alias].tensor_content = b"\x05abc"
            made.append(one)
    return made


def test_misshapen_tensors(process, faults):
    hostile = misshapen()
    with (
        HonestClients(process.target) as honest,
        grpc.insecure_channel(process.target) as channel,
        faults.tried(100 * len(hostile)),
    ):
        stub = PredictionServiceStub(channel)
        for _ in range(100):
            waiting = [stub.Predict.future(made, timeout=60) for made in hostile]
            assert {each.code() for each in waiting} == {CODES.INVALID_ARGUMENT}
    faults.compare(honest.found, honest.expected)


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """`whole` with some bytes changed, cut out or repeated."""
    part = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(part))
        kind = chance.randrange(3)
        if kind == 0:
            part[at] = chance.randrange(256)
        elif kind == 1:
            del part[at : at + chance.randint(1, 4)]
        else:
            part[at:at] = part[at : at + chance.randint(1, 8)]
    return bytes(part) or b"\xff"


def test_thousands_of_damaged_messages(process, faults):
    chance = random.Random(1)
    whole = [
        request("decode_text", text=["Anna sees", "Bob"]).SerializeToString(),
        request("arithmetic", x=[[1.0, 2.0]], y=3.0).SerializeToString(),
        request("echo", s=["a"], i=[1], b=[True]).SerializeToString(),
    ]
    with HonestClients(process.target) as honest, grpc.insecure_channel(process.target) as channel:
        predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        with faults.tried(3000):
            for _ in range(30):
                sent = [mutated(chance.choice(whole), chance) for _ in range(100)]
                for one, waiting in [(one, predict.future(one, timeout=60)) for one in sent]:
                    assert waiting.code() not in BAD, (one, waiting.details())
    faults.compare(honest.found, honest.expected)


def test_thousands_of_damaged_bodies(process, faults):
    chance = random.Random(2)
    whole = [
        b'{"signature_name": "decode_text", "instances": ["Anna sees", "Bob"]}',
        b'{"signature_name": "arithmetic", "inputs": {"x": [[1, 2.5]], "y": 1e3}}',
        b'{"signature_name": "echo", "instances": [{"s": {"b64": "YQ=="}, "i": 1, "b": true}]}',
    ]
    with HonestClients(process.target) as honest, httpx.Client(timeout=60) as client, faults.tried(1000):
        for _ in range(1000):
            body = mutated(chance.choice(whole), chance)
            answer = client.post(f"http://{process.rest_target}/v1/models/tagger:predict", content=body)
            assert answer.status_code in (200, 400), (body, answer.text)
    faults.compare(honest.found, honest.expected)


def test_bodies_of_64_megabytes(process, faults):
    before = memory_of(process.pid)
    lists = b'{"signature_name": "decode_text", "instances": [' + b"[]," * (64 * MEBIBYTE // 3) + b"[]]}"
    with HonestClients(process.target) as honest, httpx.Client(timeout=60) as client, faults.tried(6):
        for _ in range(2):
            url = f"http://{process.rest_target}/v1/models/tagger:predict"
            assert client.post(url, content=lists).status_code == 413
            # Just below the limit, and of a form that takes twenty times its bytes.
            assert client.post(url, content=lists[: 8 * MEBIBYTE - 2] + b"]}").status_code == 400
            with grpc.insecure_channel(process.target) as channel:
                made = request("decode_text", text=["a" * 64 * MEBIBYTE])
                call = PredictionServiceStub(channel).Predict
                assert code_of(lambda call=call, made=made: call(made)) is CODES.RESOURCE_EXHAUSTED
    faults.compare(honest.found, honest.expected)
    assert memory_of(process.pid) - before < 200 * MEBIBYTE


def test_two_thousand_connections_that_say_little_and_read_nothing(process, faults):
    host, port = str(process.rest_target).split(":")
    head = b"POST /v1/models/tagger:predict HTTP/1.1\r\nHost: a\r\n"
    body = b'{"signature_name": "decode_text", "instances": [' + b'"Anna",' * 10_000 + b'"Bob"]}'
    said = [b"", head, head + b"Content-Length: 100\r\n\r\n{", head + b"Content-Length: 0\r\n\r\n"]
    slow_reader = head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with contextlib.ExitStack() as stack, faults.tried(CONNECTIONS):
        for number in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=60))
            connection.sendall(slow_reader if number % 100 == 0 else said[number % len(said)])
        with HonestClients(process.target) as honest:
            answer = httpx.get(f"http://{process.rest_target}/v1/models/tagger", timeout=60)
            assert answer.status_code == 200
            time.sleep(3)
    faults.compare(honest.found, honest.expected)


def test_a_storm_of_a_thousand_deadlines(process, faults):
    with grpc.insecure_channel(process.target) as channel, faults.tried(1000):
        stub = PredictionServiceStub(channel)
        made = request("decode_text", text=["Anna sees Bob"] * 1000)
        waiting = [stub.Predict.future(made, timeout=0.001 * (number % 50)) for number in range(1000)]
        codes = {each.code() for each in waiting}
        assert codes <= {CODES.OK, CODES.DEADLINE_EXCEEDED, CODES.RESOURCE_EXHAUSTED, CODES.UNAVAILABLE}
    with HonestClients(process.target, most=200) as honest:
        honest.wait()
    faults.compare(honest.found, honest.expected)


def test_fifty_thousand_requests_in_the_same_memory(process, faults):
    samples = []
    with faults.tried(), HonestClients(process.target, clients=8, most=25_000) as honest:
        while len(honest.found) < 25_000:
            samples.append((len(honest.found), memory_of(process.pid)))
            time.sleep(0.25)
    faults.compare(honest.found, honest.expected)
    middle = [memory for count, memory in samples if 5_000 < count <= 15_000]
    last = [memory for count, memory in samples if count > 15_000]
    assert sum(last) / len(last) - sum(middle) / len(middle) < 8 * MEBIBYTE


@pytest.mark.parametrize("batching", ["false", "true"])
def test_sigterm_under_load_and_with_a_run_without_end(batching, model, tmp_path, faults):
    with (
        serving(model, tmp_path, f"--enable_batching={batching}") as process,
        HonestClients(process.target, clients=8) as honest,
        grpc.insecure_channel(process.target) as channel,
    ):
        endless = PredictionServiceStub(channel).Predict.future(request("slow", rounds=2 * 10**9))
        until(lambda: len(honest.found) > 500, "answers")
        with faults.tried():
            os.kill(process.pid, signal.SIGTERM)
            began = time.monotonic()
            assert process.wait() == 0
            assert time.monotonic() - began < 15
            assert endless.code() is (CODES.INVALID_ARGUMENT if batching == "true" else CODES.UNAVAILABLE), (
                "a scalar cannot be batched"
            )
    # gRPC cancels a call that arrives just as it stops to listen.
    answers = {n: answer for n, answer in honest.found.items() if answer not in REFUSED}
    assert len(honest.found) - len(answers) <= 8, "one for each client"
    faults.compare(answers, {number: honest.expected[number] for number in answers})


def test_two_hundred_reloads_and_what_pushes_can_do_wrong(model, tmp_path, faults):
    flags = ["--enable_reload_rpc", "--enable_batching", "--max_num_load_retries=0"]
    with serving(model, tmp_path, *flags) as process, HonestClients(process.target) as honest:
        base = tmp_path / "models"
        management = ManagementClient(process.target)
        with contextlib.closing(management), management.tagger("tagger") as tagger, faults.tried(207):
            push(model, base / "2")
            management.reload({"tagger": base}, versions=[1, 2])
            until(lambda: states(tagger).get(2) == "AVAILABLE", "version 2")
            for number in range(200):
                management.reload({"tagger": base}, versions=[1, 2], labels={"stable": 1 + number % 2})
            # Replaced in place: what is served was loaded before.
            (base / "2" / "saved_model.pb").write_bytes(b"\x00 this is no graph")
            shutil.rmtree(base / "2" / "variables")
            management.reload({"tagger": base}, versions=[1, 2])
            bad = [3, 4, 5, 6, 7]
            for version in bad:
                garbage(base / str(version))
            with contextlib.suppress(grpc.RpcError):
                management.reload({"tagger": base}, versions=[1, 2, *bad])
            until(lambda: all(states(tagger).get(version) == "END" for version in bad), "the failed loads")
            assert states(tagger)[2] == "AVAILABLE"
    faults.compare(honest.found, honest.expected)
