"""Checks before a run: workers reach the folders, and the engine answers."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from pipeline.beam.checks import require_engine, require_reachable
from pipeline.settings import Settings, SettingsError, load

FLINK = "beam={runner: flink, flink: {endpoint: 'jobs:8099'}, worker: {image: 'me/beam:1'}}"
SHARED = FLINK.replace("runner: flink", "runner: flink, shared_disk: true")
LOOPBACK = FLINK.replace("image: 'me/beam:1'", "environment: loopback")
DATAFLOW = (
    "beam={runner: dataflow, worker: {image: 'me/beam:1'}, "
    "dataflow: {project: my-project-1, region: europe-west4, temp_location: 'gs://b/tmp'}}"
)
BUCKETS = ("pipeline.root=gs://b/runs", "serving.models=gs://b/models", "data=gs://b/corpus")


def settings(*assignments: str) -> Settings:
    return load(assignments=assignments)


def refusal(target: str, *assignments: str) -> str:
    with pytest.raises(SettingsError) as caught:
        require_reachable(settings(*assignments), target=target)
    return str(caught.value)


@pytest.mark.parametrize("target", ["run", "predict", "kubeflow"])
def test_folders_are_for_workers_that_see_them(target: str) -> None:
    message = refusal(target, FLINK)
    assert message.startswith("beam.runner: found flink, whose workers cannot see these folders, but ")
    assert message.endswith("; mount them on every machine of the engine by the same paths, and set "
                         "beam.shared_disk: true")  # fmt: skip
    assert "compile for vertex, whose artifacts lie in gs://" in refusal(target, DATAFLOW)
    for assignment in (SHARED, LOOPBACK, "beam.direct.workers=4"):
        require_reachable(settings(assignment), target=target)


@pytest.mark.parametrize("target", ["kubeflow-v2", "vertex"])
def test_buckets_are_for_workers_that_do_not(target: str) -> None:
    for assignment in (FLINK, DATAFLOW, LOOPBACK, "beam.direct.workers=4"):
        require_reachable(settings(assignment, *BUCKETS), target=target)
    message = refusal(target, DATAFLOW, "pipeline.root=s3://b/runs")
    assert message.startswith(
        "pipeline.root: found s3://b/runs; expected gs://BUCKET/path, which dataflow's workers"
    )
    assert f"but steps of {target} have their artifacts in buckets" in refusal(target, SHARED, *BUCKETS)


def engine_refusal(assignment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        require_engine(settings(assignment).beam)
    return str(caught.value)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


def test_an_endpoint_that_does_not_answer() -> None:
    port = free_port()
    message = engine_refusal(FLINK.replace("jobs:8099", f"localhost:{port}"))
    assert message.startswith(f"beam.flink.endpoint: found localhost:{port}, where nothing answers (")
    assert message.endswith("; start the job service, or name the one that runs")


def test_an_endpoint_without_grpc_is_refused() -> None:
    with http.server.HTTPServer(("localhost", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        message = engine_refusal(FLINK.replace("jobs:8099", f"localhost:{server.server_port}"))
        server.shutdown()
    assert (
        f"found localhost:{server.server_port}, where something answers that speaks no gRPC; expected"
        in message
    )


def test_an_endpoint_that_answers() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("localhost:0")
    server.start()
    require_engine(settings(FLINK.replace("jobs:8099", f"localhost:{port}")).beam)
    server.stop(None)
    require_engine(settings("beam.direct.workers=2").beam)
    require_engine(settings(DATAFLOW).beam)


def test_a_master_that_beam_is_to_start_a_job_service_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = "beam={runner: flink, flink: {master: '[local]', jar: JAR}, worker: {image: i}}"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "but no java on the PATH; install Java 11 or 17, or set beam.flink.endpoint" in engine_refusal(
        local
    )
    java = tmp_path / "java"
    java.write_text("")
    os.chmod(java, 0o755)
    assert "beam.flink.jar: found JAR, which is not a file; expected the job service's jar" in engine_refusal(
        local
    )
    (tmp_path / "x.jar").write_text("")
    require_engine(settings(local.replace("JAR", str(tmp_path / "x.jar"))).beam)
    port = free_port()
    spark = f"beam={{runner: spark, spark: {{master: 'spark://localhost:{port}'}}, worker: {{image: i}}}}"
    assert f"beam.spark.master: found localhost:{port}, where nothing answers" in engine_refusal(spark)
    assert engine_refusal(spark).endswith("; start Spark, or name the one that runs")
