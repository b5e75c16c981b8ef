"""gRPC's health protocol, as a probe of Kubernetes or a load balancer uses it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from serving.server.flags import Flags
from serving.server.server import Server
from tests.serving.running import running

SERVICES = ("", "ModelService", "PredictionService")


@pytest.fixture(scope="module")
def flags(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Flags:
    base = tmp_path_factory.mktemp("health")
    shutil.copytree(exported["NAME"], base / "1")
    return Flags(
        model_base_path=str(base),
        port=0,
        file_system_poll_wait_seconds=0,
        enable_grpc_healthcheck_service=True,
    )


def test_known_services_are_serving(flags):
    with running(flags) as server, grpc.insecure_channel(server.target) as channel:
        stub = HealthStub(channel)
        for service in SERVICES:
            answer = stub.Check(HealthCheckRequest(service=service), timeout=10)
            assert answer.status == HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(HealthCheckRequest(service="nobody"), timeout=10)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_it_is_off_by_default(server):
    with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as caught:
        HealthStub(channel).Check(HealthCheckRequest(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.embedded
def test_a_stop_is_reported_to_watchers(flags):
    server = Server(flags)
    server.start()
    try:
        with grpc.insecure_channel(server.target) as channel:
            watched = HealthStub(channel).Watch(HealthCheckRequest(service="PredictionService"), timeout=20)
            assert next(watched).status == HealthCheckResponse.SERVING
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            assert next(watched).status == HealthCheckResponse.NOT_SERVING
            watched.cancel()
            stopping.join()
    finally:
        server.stop()
