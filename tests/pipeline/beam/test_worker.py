"""The worker that engines start as a process: it calls the engine, and says who it is."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

COMMAND = (sys.executable, "-m", "pipeline.beam.worker")


class Control(beam_fn_api_pb2_grpc.BeamFnControlServicer):
    """An engine that notes who calls, and hangs up."""

    def __init__(self) -> None:
        self.callers: queue.Queue[str] = queue.Queue()

    def Control(
        self, responses: Iterator[beam_fn_api_pb2.InstructionResponse], context: grpc.ServicerContext
    ) -> Iterator[beam_fn_api_pb2.InstructionRequest]:
        self.callers.put(dict(context.invocation_metadata())["worker_id"])
        return iter(())


def test_it_works_for_the_engine_until_that_hangs_up() -> None:
    server, control = grpc.server(futures.ThreadPoolExecutor(2)), Control()
    beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(control, server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    # The other endpoints are given too, and not needed.
    given = ("--id=7-1", "--logging_endpoint=localhost:1", f"--control_endpoint=localhost:{port}")
    done = subprocess.run([*COMMAND, *given], capture_output=True, text=True, timeout=120)
    server.stop(None)
    assert done.returncode == 0, done.stderr
    assert control.callers.get_nowait() == "7-1"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((), "--id and --control_endpoint"),
        (("--id=1",), "--control_endpoint"),
        (("--worker_pool",), "--id and"),
    ],
)
def test_started_by_hand_it_says_what_an_engine_would_give(given: tuple[str, ...], missing: str) -> None:
    done = subprocess.run([*COMMAND, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"expected {missing}" in done.stderr
    assert "beam.worker.command" in done.stderr
