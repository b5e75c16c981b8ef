"""HandleReloadConfigRequest: each row of TensorFlow Serving's table, and the changes that it brings about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest

from serving.client import ModelNotFound
from tests.serving.folders import garbage, push, states, until
from tests.serving.server.caller import CODES, Caller, refused, serving

REQUEST_COUNT = "/tensorflow/serving/request_count"


@pytest.fixture(scope="module")
def bases(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Base folders of models: `a` with version 1, `b` with 1 and 2, `empty`, and `broken`."""
    root = tmp_path_factory.mktemp("bases")
    push(exported["PER"], root / "a" / "1")
    push(exported["PER"], root / "b" / "1")
    push(exported["ORG"], root / "b" / "2")
    garbage(root / "broken" / "3")
    (root / "empty").mkdir()
    return {name: root / name for name in ("a", "b", "broken", "empty")}


@pytest.fixture
def caller(bases: dict[str, Path]) -> Iterator[Caller]:
    with serving(bases["a"]) as started:
        yield started


def test_requests_that_are_refused_change_nothing(caller, bases):
    a = bases["a"]
    not_a_list = ReloadConfigRequest()
    with pytest.raises(grpc.RpcError) as caught:
        caller.send(not_a_list)
    assert caught.value.code() is CODES.INVALID_ARGUMENT
    assert caught.value.details() == (
        "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
        "supported"
    )
    twice = ReloadConfigRequest()
    for _ in range(2):
        twice.config.model_config_list.config.add(name="a", base_path=str(a), model_platform="tensorflow")
    with pytest.raises(grpc.RpcError, match="Illegal to list model a multiple times in config list"):
        caller.send(twice)
    platform = ReloadConfigRequest()
    platform.config.model_config_list.config.add(name="a", base_path=str(a), model_platform="onnx")
    with pytest.raises(grpc.RpcError, match="Illegal to change a model's platform"):
        caller.send(platform)
    assert refused(caller, {"a": Path("here")}) == (
        CODES.INVALID_ARGUMENT,
        "Expected model a to have an absolute path or URI; got base_path()=here",
    )
    assert refused(caller, {"a": a, "b": Path("/nowhere")}) == (
        CODES.INVALID_ARGUMENT,
        "Could not find base path /nowhere for servable b with error NOT_FOUND: /nowhere not found",
    )
    assert refused(caller, {"a": a}, labels={"stable": 2}) == (
        CODES.FAILED_PRECONDITION,
        "Request to assign label to version 2 of model a, which is not currently available for inference",
    )
    with caller.tagger("a") as tagger:
        assert states(tagger) == {1: "AVAILABLE"}
        assert tagger.tag("Anna").entities[0].label == "PER"


def test_a_new_model_is_there_when_the_call_returns(caller, bases):
    answer = caller.reload({"a": bases["a"], "b": bases["b"]})
    assert (answer.status.error_code, answer.status.error_message) == (0, "")
    with caller.tagger("b") as tagger:
        assert tagger.tag("Anna").entities[0].label == "ORG"


def test_a_model_that_is_listed_no_more_goes_and_can_come_back(caller, bases):
    caller.reload({"b": bases["b"]})
    with caller.tagger("a") as tagger:
        until(lambda: states(tagger) == {1: "END"}, "a is unloaded")
        with pytest.raises(ModelNotFound, match=r"Latest\(a\)"):
            tagger.tag("Anna")
        caller.reload({"a": bases["a"]})
        assert tagger.tag("Anna").entities[0].label == "PER"


def test_a_model_that_cannot_be_loaded_is_told_of_and_spoils_no_other(caller, bases):
    code, details = refused(caller, {"a": bases["a"], "b": bases["b"], "broken": bases["broken"]})
    assert code is CODES.UNKNOWN
    assert details.startswith(
        "1 model(s) did not become available: {{{name: broken version: 3} due to error: "
    )
    assert details.endswith("}, }")
    for name in ("a", "b"):
        with caller.tagger(name) as tagger:
            assert tagger.tag("Anna").entities
    with caller.tagger("broken") as tagger:
        assert states(tagger) == {3: "END"}


def test_a_caller_who_stops_waiting_gets_the_model_later(caller, bases, exported, tmp_path):
    base = tmp_path / "later"
    base.mkdir()
    code, _ = refused(caller, {"later": base}, timeout=0.5)
    assert code is CODES.DEADLINE_EXCEEDED
    push(exported["PER"], base / "1")
    with caller.tagger("later") as tagger:
        until(lambda: states(tagger) == {1: "AVAILABLE"}, "the version")


def test_policies_change_what_is_loaded(caller, bases):
    caller.reload({"b": bases["b"]}, versions=[1, 2])
    with caller.tagger("b") as tagger:
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "AVAILABLE"}, "both")
        caller.reload({"b": bases["b"]}, versions=[1])
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "END"}, "the old one alone")
        assert tagger.tag("Anna").entities[0].label == "PER"


@pytest.mark.embedded
def test_metrics_tell_their_increase(caller, bases):
    # Nothing counts requests for inference during a reload, and nobody knows the other.
    answer = caller.reload({"a": bases["a"]}, metrics=[REQUEST_COUNT, "/no/such", REQUEST_COUNT])
    assert {metric.name: metric.int64_value_increase for metric in answer.metric} == {
        REQUEST_COUNT: 0,
        "/no/such": 0,
    }
    assert len(answer.metric) == 2


def test_no_request_is_lost_while_models_change(caller, bases):
    failures: list[Exception] = []
    answers: list[str] = []
    done = threading.Event()
    caller.reload({"a": bases["a"], "b": bases["b"]})

    def call() -> None:
        with caller.tagger("b") as tagger:
            while not done.is_set():
                try:
                    answers.append(tagger.tag("Anna").entities[0].label)
                except Exception as error:
                    failures.append(error)

    callers = [threading.Thread(target=call) for _ in range(3)]
    for thread in callers:
        thread.start()
    try:
        with caller.tagger("b") as tagger:
            for wanted in ([1], [1, 2], [2], [1]):
                caller.reload({"b": bases["b"]}, versions=wanted)
                until(
                    lambda wanted=wanted: (
                        {version for version, state in states(tagger).items() if state == "AVAILABLE"}
                        == set(wanted)
                    ),
                    f"versions {wanted}",
                )
            caller.reload({"a": bases["a"], "b": bases["b"]}, versions=[1])
    finally:
        done.set()
        for thread in callers:
            thread.join()
    assert failures == []
    assert {"PER", "ORG"} == set(answers)
