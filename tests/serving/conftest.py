"""One server for the folder's tests, on one small real model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from serving.server.flags import ANY_FREE_PORT, Flags
from tests.serving import tiny_model
from tests.serving.running import TFSERVING, Running, running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "embedded: looks inside the embedded server, or at what it alone has")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if TFSERVING and item.get_closest_marker("embedded"):
        pytest.skip(f"not run against {TFSERVING}: it is about the embedded server")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """SavedModels by the label they answer with; to be copied, not served from here."""
    root = tmp_path_factory.mktemp("exported")
    tiny_model.export(root / "PER", "PER")
    tiny_model.export(root / "ORG", "ORG", signatures=("decode_text", "decode"))
    tiny_model.export(root / "NAME", "NAME", scheme="plain", signatures=("decode_text",))
    return {label: root / label for label in ("PER", "ORG", "NAME")}


@pytest.fixture(scope="session")
def server(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of model `tagger`, version 7, that looks at its folder once."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(exported["PER"], base / "7")
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        file_system_poll_wait_seconds=0,
    )
    with running(flags) as started:
        yield started


@pytest.fixture(scope="session")
def channel(server: Running) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.target) as opened:
        yield opened


@pytest.fixture(scope="session")
def prediction(channel: grpc.Channel) -> prediction_service_pb2_grpc.PredictionServiceStub:
    """TensorFlow Serving's own stub."""
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def model_service(channel: grpc.Channel) -> model_service_pb2_grpc.ModelServiceStub:
    return model_service_pb2_grpc.ModelServiceStub(channel)
