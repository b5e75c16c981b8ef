"""Batching: the answers are those of single requests, and a bad request fails no other."""

from __future__ import annotations

import gc
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.graph.calls import Call
from serving.server.inference.batching import Batching, BatchingParameters
from serving.server.inference.metrics import Metrics
from serving.server.server import Server, StartError
from serving.server.wire.errors import Code, ServingError

CODES = grpc.StatusCode


class Echo:
    """A servable whose graph returns its feeds, each run once `may_run` lets it."""

    def __init__(self, answer: Callable[[list[np.ndarray]], list[np.ndarray]] = list) -> None:
        self.session = self
        self.batches: list[list[np.ndarray]] = []
        self.may_run = threading.Semaphore(10**9)
        self.is_running = threading.Event()
        self.users = self.entered = 0
        self._answer = answer

    def run(self, feeds: object, fetches: object, arrays: list[np.ndarray]) -> list[np.ndarray]:
        self.is_running.set()
        self.may_run.acquire()
        self.batches.append(arrays)
        return self._answer(arrays)

    def enter(self) -> None:
        self.users += 1
        self.entered += 1

    def leave(self) -> None:
        self.users -= 1


CALL = Call(("x:0",), ("y:0",), ("y",))


def column(*values: object, kind: type = np.int64) -> list[np.ndarray]:
    array = np.empty(len(values), kind)
    array[:] = values
    return [array]


def held(echo: Echo) -> None:
    """Hold every run from now on until `may_run` is released."""
    echo.may_run = threading.Semaphore(0)


def run_all(
    batching: Batching, echo: Echo, requests: list[list[np.ndarray]], *, call: Call = CALL
) -> list[list[np.ndarray] | Exception]:
    """Run `requests` while another run holds the only thread, so that they queue up in their order."""
    held(echo)
    with ThreadPoolExecutor(len(requests) + 1) as pool:
        first = pool.submit(batching.run, echo, CALL, column(-1), timeout=None)
        assert echo.is_running.wait(10)
        waiting = []
        for number, arrays in enumerate(requests, start=2):
            waiting.append(pool.submit(batching.run, echo, call, arrays, timeout=20))
            until(lambda number=number, future=waiting[-1]: echo.entered >= number or future.done())
        echo.may_run.release(1000)
        first.result()
        return [future.exception() or future.result() for future in waiting]


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.0005)


def batched(
    requests: list[list[np.ndarray]], echo: Echo | None = None, *, call: Call = CALL, **parameters: object
) -> list[list[np.ndarray] | Exception]:
    echo = echo or Echo()
    batching = Batching(BatchingParameters(num_batch_threads=1, **parameters), Metrics())
    try:
        return run_all(batching, echo, requests, call=call)
    finally:
        batching.stop()
        assert echo.users == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(5, 9))
def test_every_request_gets_its_own_rows(sizes: list[int], largest: int) -> None:
    at = np.cumsum([0, *sizes])
    requests = [column(*range(start, start + size)) for start, size in zip(at, sizes, strict=False)]
    echo = Echo()
    answers = batched(requests, echo, max_batch_size=largest, max_enqueued_batches=100)
    for request, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer[0], request[0])
    assert all(len(batch[0]) <= largest for batch in echo.batches)
    assert len(echo.batches) <= 1 + len(sizes)


def test_queued_requests_run_together() -> None:
    echo = Echo()
    batched([column(number) for number in range(10)], echo)
    assert [len(batch[0]) for batch in echo.batches] == [1, 10]


def test_a_full_queue_refuses_at_once() -> None:
    answers = batched([column(number) for number in range(6)], max_batch_size=2, max_enqueued_batches=2)
    refused = [answer for answer in answers if isinstance(answer, ServingError)]
    assert [error.code for error in refused] == [Code.UNAVAILABLE] * 2
    assert refused[0].message == "The batching queue is full: 4 rows wait and max_enqueued_batches is 2"


def test_one_bad_request_does_not_fail_the_others_of_its_batch() -> None:
    def answer(arrays: list[np.ndarray]) -> list[np.ndarray]:
        if 3 in arrays[0]:
            raise ServingError(Code.INVALID_ARGUMENT, "three is no number")
        return list(arrays)

    answers = batched([column(number) for number in range(6)], Echo(answer))
    assert [isinstance(answer, ServingError) for answer in answers] == [False] * 3 + [True] + [False] * 2


def test_two_requests_of_different_shape_run_by_themselves() -> None:
    first, second = batched([[np.ones([1, 2])], [np.ones([2, 3])]])
    assert (first[0].shape, second[0].shape) == ((1, 2), (2, 3))
    echo = Echo()
    batched([[np.array([[5, 6]])], [np.array([[7, 8, 9]])]], echo, pad_variable_length_inputs=True)
    np.testing.assert_array_equal(echo.batches[-1][0], [[5, 6, 5], [7, 8, 9]])


def test_an_unexpected_error_fails_one_request_and_no_thread() -> None:
    def answer(arrays: list[np.ndarray]) -> list[np.ndarray]:
        if 2 in arrays[0]:
            raise MemoryError("too much")
        return list(arrays)

    echo = Echo(answer)
    batching = Batching(BatchingParameters(num_batch_threads=1), Metrics())
    good, bad = run_all(batching, echo, [column(1), column(2)])
    assert good[0].tolist() == [1]
    assert isinstance(bad, ServingError)
    assert (bad.code, bad.message) == (Code.INTERNAL, "MemoryError: too much")
    assert batching.run(echo, CALL, column(3), timeout=10)[0].tolist() == [3]
    batching.stop()
    with pytest.raises(ServingError, match="stopping"):
        batching.run(echo, CALL, column(4), timeout=10)
    assert echo.users == 0


def test_no_reference_is_kept_to_requests_that_fail() -> None:
    def answer(arrays: list[np.ndarray]) -> list[np.ndarray]:
        if arrays[0].min() >= 0:
            raise ServingError(Code.INVALID_ARGUMENT, "no")
        return list(arrays)

    echo = Echo(answer)
    arrays = [column(number) for number in range(3)]
    watched = [weakref.ref(array) for (array,) in arrays]
    gc.collect()
    gc.disable()  # so that reference cycles stay
    try:
        for outcome in batched(arrays, echo):
            assert isinstance(outcome, ServingError)
        del arrays, outcome
        echo.batches.clear()
        assert [reference() for reference in watched] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.parametrize("output", [np.float32(1).reshape([]), np.ones(1)])
def test_requests_whose_outputs_cannot_be_split_run_by_themselves(output: np.ndarray) -> None:
    echo = Echo(lambda _: [output])
    for answer in batched([column(1), column(2)], echo):
        np.testing.assert_array_equal(answer[0], output)
    assert [len(batch[0]) for batch in echo.batches] == [1, 2, 1, 1]


def test_a_batch_is_filled_up_to_an_allowed_size() -> None:
    echo = Echo()
    answers = batched(
        [column(1), column(2), column(3)], echo, allowed_batch_sizes=(1, 4, 8), max_batch_size=8
    )
    assert [answer[0].tolist() for answer in answers] == [[1], [2], [3]]
    assert [batch[0].tolist() for batch in echo.batches] == [[-1], [1, 2, 3, 3]]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([], "a batched request must have at least one input"),
        (
            [np.float32(1).reshape([])],
            "the inputs of a batched request must have at least one dimension",
        ),
        (
            [np.ones(1), np.ones(2)],
            "the inputs of a batched request must have the same number of rows",
        ),
        ([np.ones(5)], "the request has 5 rows; at most 4 are allowed (max_batch_size)"),
    ],
)
def test_inputs_that_cannot_be_batched_are_refused(arrays: list[np.ndarray], message: str) -> None:
    (answer,) = batched([arrays], max_batch_size=4)
    assert isinstance(answer, ServingError)
    assert (answer.code, answer.message) == (Code.INVALID_ARGUMENT, message)


def test_a_large_request_runs_alone_where_splitting_is_allowed() -> None:
    (answer,) = batched([column(*range(9))], max_batch_size=4, enable_large_batch_splitting=True)
    assert answer[0].tolist() == list(range(9))


def test_a_deadline_that_passes_in_the_queue() -> None:
    echo = Echo()
    held(echo)
    batching = Batching(BatchingParameters(num_batch_threads=1), Metrics())
    with ThreadPoolExecutor() as pool:
        first = pool.submit(batching.run, echo, CALL, column(1), timeout=0.2)
        assert echo.is_running.wait(10)
        with pytest.raises(
            ServingError, match="Timeout exceeded while waiting in the batching queue"
        ) as caught:
            batching.run(echo, CALL, column(2), timeout=0.05)
        assert caught.value.code is Code.RESOURCE_EXHAUSTED
        with pytest.raises(ServingError) as caught:
            first.result()
        assert caught.value.code is Code.DEADLINE_EXCEEDED
        echo.may_run.release(10)
    until(lambda: not echo.users)
    assert len(echo.batches) == 1, "no caller waited for the second"
    batching.stop()


def test_an_answer_is_cut_to_its_own_longest_sentence() -> None:
    call = Call(("x:0",), ("tags:0", "lengths:0"), ("tags",), lengths=1, time_axes=((1,),))

    def answer(arrays: list[np.ndarray]) -> list[np.ndarray]:
        lengths = arrays[0]
        return [np.tile(lengths[:, None], [1, lengths.max(initial=0)]), lengths]

    answers = batched([column(2, 3), column(5)], Echo(answer), call=call)
    assert [answer[0].shape for answer in answers] == [(2, 3), (1, 5)]


def test_invalid_parameters() -> None:
    with pytest.raises(ValueError, match="must be max_batch_size, 4; found 8"):
        BatchingParameters(max_batch_size=4, allowed_batch_sizes=(2, 8))
    with pytest.raises(ValueError, match="must increase"):
        BatchingParameters(max_batch_size=4, allowed_batch_sizes=(4, 4))
    with pytest.raises(ValueError, match="max_enqueued_batches must be positive; found 0"):
        BatchingParameters(max_enqueued_batches=0)


# The same through a complete server.


@contextmanager
def serving(
    base: Path, model: Path, parameters: str = "num_batch_threads { value: 1 }"
) -> Iterator[tuple[Server, prediction_service_pb2_grpc.PredictionServiceStub]]:
    (base / "models").mkdir()
    shutil.copytree(model, base / "models" / "1")
    (base / "batching.config").write_text(parameters)
    flags = Flags(
        model_base_path=str(base / "models"),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        rest_api_timeout_in_ms=300,
        enable_batching=True,
        batching_parameters_file=str(base / "batching.config"),
    )
    with Server(flags) as server, grpc.insecure_channel(server.target) as channel:
        yield server, prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(signature: str, **inputs: object) -> predict_pb2.PredictRequest:
    made = predict_pb2.PredictRequest()
    made.model_spec.name = "tagger"
    made.model_spec.signature_name = signature
    for alias, value in inputs.items():
        made.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return made


def answers_of(futures: list[Future]) -> list[object]:
    wait(futures)
    return [future.exception() or future.result() for future in futures]


def test_answers_in_a_batch_are_those_alone(tmp_path, exported):
    texts = ["Anna", "Anna sees Bob", "nothing here at all", "", "Bob Smith of Oslo"] * 5
    with serving(tmp_path, exported["PER"]) as (_, stub), ThreadPoolExecutor(len(texts)) as pool:
        alone = [stub.Predict(request("decode_text", text=[text])) for text in texts]
        together = list(pool.map(lambda text: stub.Predict(request("decode_text", text=[text])), texts))
    assert together == alone


def test_lengths_are_not_answered_unless_requested(tmp_path, exported):
    made = request("decode_text", text=["Anna sees Bob"])
    made.output_filter.append("tags")
    with serving(tmp_path, exported["PER"]) as (_, stub):
        assert set(stub.Predict(made).outputs) == {"tags"}


def test_a_malformed_example_among_good_ones(tmp_path, exported):
    good = tf.train.Example()
    good.features.feature["tokens"].bytes_list.value.append(b"Anna")
    sent = [request("decode", examples=[good.SerializeToString()])] * 8
    sent[3] = request("decode", examples=[b"\xff\xfe\x00 no example"])
    with serving(tmp_path, exported["PER"]) as (_, stub), ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            answers = answers_of([pool.submit(stub.Predict, made) for made in sent])
            refused = answers.pop(3)
            assert isinstance(refused, grpc.RpcError)
            assert refused.code() is CODES.INVALID_ARGUMENT
            assert all(answer.outputs["tags"].string_val == [b"B-PER"] for answer in answers)


def test_an_ill_shaped_client_fails_no_other(tmp_path, exported):
    sent = [request("decode_text", text=["Anna"])] * 8
    sent[3] = request("decode_text", text=[["Anna", "Bob"]])
    with serving(tmp_path, exported["PER"]) as (_, stub), ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            answers = answers_of([pool.submit(stub.Predict, made) for made in sent])
            refused = answers.pop(3)
            assert isinstance(refused, grpc.RpcError)
            assert refused.code() is CODES.INVALID_ARGUMENT
            assert refused.details() == "input text: expected the shape [?]; found [1, 2]"
            assert all(answer.outputs["tags"].string_val == [b"B-PER"] for answer in answers)


def test_sentences_of_different_length_as_tokens(tmp_path, exported):
    sent = [request("decode_tokens", tokens=[["Anna"] * size]) for size in (1, 2, 3)] * 4
    with serving(tmp_path, exported["PER"]) as (_, stub), ThreadPoolExecutor(len(sent)) as pool:
        alone = [stub.Predict(made) for made in sent]
        assert answers_of([pool.submit(stub.Predict, made) for made in sent]) == alone


def test_scalar_inputs_are_refused_under_batching(tmp_path, exported):
    with serving(tmp_path, exported["PER"]) as (_, stub), pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request("slow", rounds=1))
    assert caught.value.code() is CODES.INVALID_ARGUMENT
    assert "must have at least one dimension" in caught.value.details()


def test_an_invalid_batching_file(tmp_path, exported):
    with (
        pytest.raises(StartError, match="the last of allowed_batch_sizes must be max_batch_size"),
        serving(tmp_path, exported["PER"], "max_batch_size { value: 4 } allowed_batch_sizes: 8"),
    ):
        pass


def test_the_queue_is_measured(tmp_path, exported):
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    (tmp_path / "models").mkdir()
    shutil.copytree(exported["PER"], tmp_path / "models" / "1")
    flags = Flags(
        model_base_path=str(tmp_path / "models"),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        enable_batching=True,
        monitoring_config_file=str(tmp_path / "monitoring.config"),
    )
    with Server(flags) as server:
        url = f"http://127.0.0.1:{server.rest_port}"
        body = {"signature_name": "decode_text", "instances": ["Anna", "Bob"]}
        assert httpx.post(f"{url}/v1/models/tagger:predict", json=body).status_code == 200
        page = httpx.get(f"{url}/monitoring/prometheus/metrics").text
    assert (
        ':tensorflow:serving:batching_session:queuing_latency_count{thread_pool_name="batch_threads"} 1.0'
        in page
    )
