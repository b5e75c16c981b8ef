"""The server as a process: started, called, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.client import Tagger
from serving.server.process import ServerProcessError, _wait_until_ready, start_server_process

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def process(exported, tmp_path_factory):
    folder = tmp_path_factory.mktemp("process")
    shutil.copytree(exported["PER"], folder / "models" / "1")
    with start_server_process(
        folder / "models", "tagger", folder / "logs" / "server.log", 60, rest_api_port=-1
    ) as running:
        yield running


def test_it_answers_the_client_and_keeps_its_log(process):
    with Tagger(process.target) as tagger:
        assert tagger.tag("Anna").entities[0].label == "PER"
    assert "Successfully loaded servable version {name: tagger version: 1}" in process.log_path.read_text()
    assert process.is_running


def test_a_stop_finishes_the_request_in_flight(exported, tmp_path):
    # Long enough for the signal to arrive during the run, and shorter than the grace period on a busy machine.
    shutil.copytree(exported["PER"], tmp_path / "models" / "1")
    process = start_server_process(tmp_path / "models", "tagger", tmp_path / "log", 60)
    request = PredictRequest()
    request.model_spec.name = "tagger"
    request.model_spec.signature_name = "slow"
    request.inputs["rounds"].CopyFrom(tf.make_tensor_proto(200_000))
    with grpc.insecure_channel(process.target) as channel:
        answer = PredictionServiceStub(channel).Predict.future(request, timeout=60)
        time.sleep(0.3)
        assert not answer.done()
        assert process.stop() == 0
        assert answer.result().outputs["total"].float_val


def test_a_second_signal_ends_it_at_once_whatever_runs_inside(exported, tmp_path):
    shutil.copytree(exported["PER"], tmp_path / "models" / "1")
    process = start_server_process(tmp_path / "models", "tagger", tmp_path / "log", 60)
    request = PredictRequest()
    request.model_spec.name = "tagger"
    request.model_spec.signature_name = "slow"
    request.inputs["rounds"].CopyFrom(tf.make_tensor_proto(2_000_000_000))
    with grpc.insecure_channel(process.target) as channel:
        answer = PredictionServiceStub(channel).Predict.future(request, timeout=60)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
        assert answer.code() is grpc.StatusCode.UNAVAILABLE


def test_a_server_that_cannot_start_reports_why(tmp_path):
    (tmp_path / "models" / "1").mkdir(parents=True)
    (tmp_path / "models" / "1" / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(ServerProcessError, match=r"(?s)ended with status 1.*Failed to start server\. Error:"):
        start_server_process(tmp_path / "models", "tagger", tmp_path / "log", 60)


def test_a_server_that_is_not_ready_in_time_is_ended(tmp_path):
    (tmp_path / "models").mkdir()
    with pytest.raises(ServerProcessError, match=r"not ready after 0\.5 s"):
        start_server_process(tmp_path / "models", "tagger", tmp_path / "log", 0.5)


def test_it_is_waited_for_as_long_as_it_runs_and_says_what_it_does(exported, tmp_path):
    shutil.copytree(exported["PER"], tmp_path / "models" / "1")
    heard = []
    with start_server_process(tmp_path / "models", "tagger", tmp_path / "log", None, on_wait=heard.append):
        pass
    assert heard[0] == "Loading TensorFlow"
    assert set(heard) - {"Loading TensorFlow"} <= {
        f"Loading servable {{name: tagger version: 1}} from {tmp_path}/models/1",
        f"{tmp_path}/models/1 has no manifest.json: it is loaded as it is, unverified",
        "Successfully loaded servable version {name: tagger version: 1}",
    }


def test_a_server_that_is_killed_while_it_starts_is_told_without_a_timeout(tmp_path):
    (tmp_path / "models").mkdir()
    log = tmp_path / "log"
    log.write_text("2026-01-01 00:00:00,000 I serving.server: Loading TensorFlow\n")
    with (
        subprocess.Popen(["sleep", "60"]) as child,
        pytest.raises(
            ServerProcessError, match=r"(?s)ended with status -9 before it was ready.*Loading TensorFlow"
        ),
    ):
        _wait_until_ready(child, log, None, rest=False, on_wait=lambda _: child.kill())


def test_a_server_does_not_outlive_a_parent_that_was_killed(exported, tmp_path):
    shutil.copytree(exported["NAME"], tmp_path / "models" / "1")
    script = f"""
        import os, signal
        from serving.server.process import start_server_process

        process = start_server_process({str(tmp_path / "models")!r}, "tagger", {str(tmp_path / "log")!r}, 60)
        print(process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    server = Path("/proc", shown.stdout.strip())
    give_up = time.monotonic() + 15
    while server.exists() and "State:\tZ" not in (server / "status").read_text():
        assert time.monotonic() < give_up, "the server is still there"
        time.sleep(0.1)


def test_it_is_ready_when_both_ports_have_been_printed(tmp_path):
    """The lines come one after the other, and the log may be read between the two."""
    grpc_line, rest_line = "Running gRPC ModelServer at h:1 ...", "Exporting HTTP/REST API at:h:2 ..."
    script = f"echo '{grpc_line}'; sleep 0.5; echo '{rest_line}'; sleep 60"
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(["sh", "-c", f"exec 2>&1; {script}"], stdout=out) as child:
        try:
            assert _wait_until_ready(child, log, 30, rest=True) == ("h:1", "h:2")
        finally:
            child.kill()
