"""The metrics page: TensorFlow Serving's names and labels, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.inference.metrics import Metrics
from serving.server.server import Server, StartError
from tests.serving import tiny_model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("served")
    tiny_model.export(base / "7", "PER", signatures=("decode_text",))
    return base


def flags(base: Path, config: str) -> Flags:
    file = base.parent / "monitoring.config"
    file.write_text(config)
    return Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        monitoring_config_file=str(file),
    )


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[str]:
    with Server(flags(base, 'prometheus_config { enable: true path: "/metrics" }')) as server:
        url = f"http://127.0.0.1:{server.rest_port}"
        for body in ({"instances": ["Anna", "Bob"]}, {"instances": ["Anna"]}, {"instances": []}):
            httpx.post(f"{url}/v1/models/tagger:predict", json={"signature_name": "decode_text", **body})
        httpx.post(f"{url}/v1/models/tagger/versions/3:predict", json={"instances": ["a"]})
        unknown = PredictRequest()
        unknown.model_spec.name = "nobody"
        with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError):
            PredictionServiceStub(channel).Predict(unknown, timeout=10)
        assert httpx.get(f"{url}/monitoring/prometheus/metrics").status_code == 404
        answer = httpx.get(f"{url}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        yield answer.text


def value(page: str, name: str, **labels: str) -> float | None:
    pairs = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    match = re.search(rf"^{re.escape(f'{name}{{{pairs}}}')} (\S+)$", page, re.MULTILINE)
    return float(match[1]) if match else None


def test_requests_are_counted_by_status(page: str) -> None:
    count = ":tensorflow:serving:request_count"
    assert value(page, count, model_name="tagger", status="OK") == 2
    # Unknown names are counted as one, or requests with many of them would fill the memory.
    assert value(page, count, model_name="", status="NOT_FOUND") == 1
    assert "nobody" not in page
    assert f"{count}_total" not in page


def test_times_are_in_buckets_of_tensorflow_serving(page: str) -> None:
    latency = {"model_name": "tagger", "API": "Predict", "entrypoint": "REST"}
    assert value(page, ":tensorflow:serving:request_latency_count", **latency) == 2
    assert value(page, ":tensorflow:serving:request_latency_bucket", le="+Inf", **latency) == 2
    bounds = [
        float(bound)
        for bound in re.findall(
            r'request_latency_bucket\{API="Predict",entrypoint="REST",le="([0-9.e+]+)"', page
        )
    ]
    assert bounds == pytest.approx([10 * 1.8**power for power in range(32)])
    assert value(
        page, ":tensorflow:serving:runtime_latency_sum", model_name="tagger", API="Predict", runtime="TF1"
    )


def test_rows_are_counted(page: str) -> None:
    assert value(page, ":tensorflow:serving:request_example_counts_count", model="tagger") == 2
    assert value(page, ":tensorflow:serving:request_example_count_total", model="tagger") == 3


def test_a_counter_is_found_by_tensorflows_name_for_it() -> None:
    metrics = Metrics(distributions=False)
    for status in ("OK", "OK", "NOT_FOUND"):
        metrics.answered("tagger", status, api="Predict", entrypoint="GRPC", seconds=0.001)
    assert metrics.count("/tensorflow/serving/request_count") == 3
    assert metrics.count("/tensorflow/serving/nothing") == 0
    assert "request_latency_count" not in metrics.page().decode()


def test_a_path_without_a_slash_is_refused(base: Path) -> None:
    with pytest.raises(StartError, match="path 'metrics' does not begin with /"):
        Server(flags(base, 'prometheus_config { enable: true path: "metrics" }')).__enter__()
