"""The worker that engines start as a process: it calls the engine, and says who it is."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
)

COMMAND = (sys.executable, "-m", "pipeline.beam.worker")


class Engine(
    beam_fn_api_pb2_grpc.BeamFnControlServicer,
    beam_fn_api_pb2_grpc.BeamFnLoggingServicer,
    beam_provision_api_pb2_grpc.ProvisionServiceServicer,
):
    """An engine that notes who asks for what, and hangs up."""

    def __init__(self) -> None:
        self.callers: queue.Queue[tuple[str, str]] = queue.Queue()
        self.url = ""

    def GetProvisionInfo(
        self, request: beam_provision_api_pb2.GetProvisionInfoRequest, context: grpc.ServicerContext
    ) -> beam_provision_api_pb2.GetProvisionInfoResponse:
        self._note("provision", context)
        answer = beam_provision_api_pb2.GetProvisionInfoResponse()
        answer.info.control_endpoint.url = answer.info.logging_endpoint.url = self.url
        return answer

    def Control(
        self, responses: Iterator[beam_fn_api_pb2.InstructionResponse], context: grpc.ServicerContext
    ) -> Iterator[beam_fn_api_pb2.InstructionRequest]:
        self._note("control", context)
        return iter(())

    def Logging(
        self, entries: Iterator[beam_fn_api_pb2.LogEntry.List], context: grpc.ServicerContext
    ) -> Iterator[beam_fn_api_pb2.LogControl]:
        self._note("logging", context)
        for _ in entries:
            pass
        return iter(())

    def _note(self, service: str, context: grpc.ServicerContext) -> None:
        self.callers.put((service, dict(context.invocation_metadata())["worker_id"]))


def test_it_works_for_the_engine_until_that_hangs_up() -> None:
    server, engine = grpc.server(futures.ThreadPoolExecutor(4)), Engine()
    beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(engine, server)
    beam_fn_api_pb2_grpc.add_BeamFnLoggingServicer_to_server(engine, server)
    beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(engine, server)
    engine.url = f"localhost:{server.add_insecure_port('localhost:0')}"
    server.start()
    given = ("--id=7-1", f"--provision_endpoint={engine.url}")
    done = subprocess.run([*COMMAND, *given], capture_output=True, text=True, check=False)
    server.stop(None)
    assert done.returncode == 0, done.stderr
    callers = {engine.callers.get_nowait() for _ in range(3)}
    assert callers == {("provision", "7-1"), ("logging", "7-1"), ("control", "7-1")}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), "--id and --provision_endpoint"),
        (("--id=1",), "--provision_endpoint"),
        (("--worker_pool",), "--id and"),
    ],
)
def test_started_by_hand_it_says_what_an_engine_would_give(given: tuple[str, ...], missing: str) -> None:
    done = subprocess.run([*COMMAND, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"expected {missing}" in done.stderr
    assert "beam.worker.command" in done.stderr
