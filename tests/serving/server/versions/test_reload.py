"""HandleReloadConfigRequest: each of TensorFlow Serving's errors, and the changes that it applies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest

from serving.client import ModelNotFound
from serving.server.flags import Flags
from tests.serving.folders import garbage, push, states, until
from tests.serving.running import TFSERVING, running
from tests.serving.server.background import BackgroundClients
from tests.serving.server.management import CODES, ManagementClient, refused, serving

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
def management(bases: dict[str, Path]) -> Iterator[ManagementClient]:
    with serving(bases["a"]) as started:
        yield started


@pytest.mark.embedded
def test_it_is_off_unless_a_flag_turns_it_on(bases):
    flags = Flags(model_base_path=str(bases["a"]), model_name="a", port=0)
    with running(flags) as server, contextlib.closing(ManagementClient(server.target)) as management:
        code, details = refused(management, {"b": bases["b"]})
        assert code is CODES.FAILED_PRECONDITION
        assert "--enable_reload_rpc" in details
        with management.tagger("a") as tagger:
            assert tagger.tag("Anna").entities[0].label == "PER"


def test_requests_that_are_refused_change_nothing(management, bases):
    a = bases["a"]
    not_a_list = ReloadConfigRequest()
    with pytest.raises(grpc.RpcError) as caught:
        management.send(not_a_list)
    assert caught.value.code() is CODES.INVALID_ARGUMENT
    # TensorFlow Serving's message is another.
    assert TFSERVING or caught.value.details() == "HandleReloadConfigRequest takes a model_config_list only"
    twice = ReloadConfigRequest()
    for _ in range(2):
        twice.config.model_config_list.config.add(name="a", base_path=str(a), model_platform="tensorflow")
    with pytest.raises(grpc.RpcError, match="Illegal to list model a multiple times in config list"):
        management.send(twice)
    platform = ReloadConfigRequest()
    platform.config.model_config_list.config.add(name="a", base_path=str(a), model_platform="onnx")
    with pytest.raises(grpc.RpcError, match="Illegal to change a model's platform"):
        management.send(platform)
    assert refused(management, {"a": Path("here")}) == (
        CODES.INVALID_ARGUMENT,
        "Expected model a to have an absolute path or URI; got base_path()=here",
    )
    assert refused(management, {"a": a, "b": Path("/nowhere")}) == (
        CODES.INVALID_ARGUMENT,
        "Could not find base path /nowhere for servable b with error NOT_FOUND: /nowhere not found",
    )
    assert refused(management, {"a": a}, labels={"stable": 2}) == (
        CODES.FAILED_PRECONDITION,
        "Request to assign label to version 2 of model a, which is not currently available for inference",
    )
    with management.tagger("a") as tagger:
        assert states(tagger) == {1: "AVAILABLE"}
        assert tagger.tag("Anna").entities[0].label == "PER"


def test_a_new_model_is_available_when_the_call_returns(management, bases):
    answer = management.reload({"a": bases["a"], "b": bases["b"]})
    assert (answer.status.error_code, answer.status.error_message) == (0, "")
    with management.tagger("b") as tagger:
        assert tagger.tag("Anna").entities[0].label == "ORG"


def test_a_model_that_is_no_longer_listed_is_unloaded_and_can_come_back(management, bases):
    management.reload({"b": bases["b"]})
    with management.tagger("a") as tagger:
        until(lambda: states(tagger) == {1: "END"}, "a is unloaded")
        with pytest.raises(ModelNotFound, match=r"Latest\(a\)"):
            tagger.tag("Anna")
        management.reload({"a": bases["a"]})
        assert tagger.tag("Anna").entities[0].label == "PER"


def test_a_model_that_cannot_be_loaded_is_reported_and_does_not_affect_the_others(management, bases):
    code, details = refused(management, {"a": bases["a"], "b": bases["b"], "broken": bases["broken"]})
    assert code is CODES.UNKNOWN
    assert TFSERVING or details.startswith(
        "1 model(s) did not become available: broken version 3: INVALID_ARGUMENT: "
    )
    for name in ("a", "b"):
        with management.tagger(name) as tagger:
            assert tagger.tag("Anna").entities
    with management.tagger("broken") as tagger:
        assert states(tagger) == {3: "END"}


def test_a_model_is_loaded_after_the_callers_deadline(management, bases, exported, tmp_path):
    base = tmp_path / "later"
    base.mkdir()
    code, _ = refused(management, {"later": base}, timeout=0.5)
    assert code is CODES.DEADLINE_EXCEEDED
    push(exported["PER"], base / "1")
    with management.tagger("later") as tagger:
        until(lambda: states(tagger) == {1: "AVAILABLE"}, "the version")


def test_policies_change_what_is_loaded(management, bases):
    management.reload({"b": bases["b"]}, versions=[1, 2])
    with management.tagger("b") as tagger:
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "AVAILABLE"}, "both")
        management.reload({"b": bases["b"]}, versions=[1])
        until(lambda: states(tagger) == {1: "AVAILABLE", 2: "END"}, "the old one alone")
        assert tagger.tag("Anna").entities[0].label == "PER"


@pytest.mark.embedded
def test_the_increase_of_metrics_is_returned(management, bases):
    # No request for inference is counted during a reload, and the other metric is unknown.
    answer = management.reload({"a": bases["a"]}, metrics=[REQUEST_COUNT, "/no/such", REQUEST_COUNT])
    assert {metric.name: metric.int64_value_increase for metric in answer.metric} == {
        REQUEST_COUNT: 0,
        "/no/such": 0,
    }
    assert len(answer.metric) == 2


def test_no_request_is_lost_while_models_change(management, bases):
    management.reload({"a": bases["a"], "b": bases["b"]})
    with management.tagger("b") as tagger, BackgroundClients(tagger) as clients:
        for versions in ([1], [1, 2], [2], [1]):
            management.reload({"b": bases["b"]}, versions=versions)
            until(
                lambda versions=versions: (
                    [version for version, state in sorted(states(tagger).items()) if state == "AVAILABLE"]
                    == versions
                ),
                f"versions {versions}",
            )
        management.reload({"a": bases["a"], "b": bases["b"]}, versions=[1])
    assert clients.labels == {"PER", "ORG"}
