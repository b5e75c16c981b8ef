"""The REST API: paths, status codes, and what surrounds an answer."""

from __future__ import annotations

import shutil

import httpx
import pytest

from serving.server.flags import ANY_FREE_PORT, Flags
from tests.serving.running import running


def test_options_needs_an_origin(rest):
    for path in ("/v1/models/tagger:predict", "/v1/nothing"):
        answer = rest.options(path, headers={"Origin": "https://page.example"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert "access-control-allow-origin" not in answer.headers, "CORS is off"
        for headers in ({}, {"Origin": "null"}, {"Origin": "file://a"}):
            assert rest.options(path, headers=headers).status_code == 400
    assert rest.options("/", headers={"Origin": "https://page.example"}).status_code == 404


@pytest.fixture(scope="module")
def open_to_pages(exported, tmp_path_factory):
    base = tmp_path_factory.mktemp("cors")
    shutil.copytree(exported["PER"], base / "1")
    monitoring = base / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        rest_api_enable_cors_support=True,
        monitoring_config_file=str(monitoring),
    )
    with running(flags) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/tagger", 200),
        ("GET", "/v1/models/nobody", 404),
        ("POST", "/v1/models/tagger:predict", 400),
        ("OPTIONS", "/v1/models/tagger:predict", 200),
    ],
)
def test_every_answer_has_the_headers_of_cors(open_to_pages, method, path, status):
    answer = open_to_pages.request(
        method, path, headers={"Origin": "http://a", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == status
    found = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
    assert found == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "POST, GET",
        "access-control-allow-headers": "Content-Type",
    }


def test_the_metrics_take_any_method_and_no_query(open_to_pages):
    path = "/monitoring/prometheus/metrics"
    answer = open_to_pages.post(path)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert ":tensorflow:serving:" in answer.text
    answer = open_to_pages.get(f"{path}?a=b")
    assert (answer.status_code, answer.text) == (400, f"Unexpected path: {path}?a=b. Should be {path}")


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/nobody:predict", 404, "Servable not found for request: Latest(nobody)"),
        (
            "POST",
            "/v1/models/tagger/versions/3:predict",
            404,
            "Servable not found for request: Specific(tagger, 3)",
        ),
        ("GET", "/v1/models/tagger/versions/3", 404, "Could not find version 3 of model tagger"),
        ("GET", "/v1/models/tagger:predict", 400, "Malformed request: GET /v1/models/tagger:predict"),
        ("DELETE", "/v1/models/tagger", 400, "Malformed request: DELETE /v1/models/tagger"),
        ("POST", "/v1/models/tagger/labels/new:predict", 503, "Model labels does not init yet.new"),
        ("POST", "/v1/models/tagger:regress", 501, "Regress is not served here: a tagger answers Predict"),
        ("POST", "/v1/models/tagger:classify", 501, "Classify is not served here: a tagger answers Predict"),
        ("PUT", "/v1/models/tagger:predict", 400, "Malformed request: PUT /v1/models/tagger:predict"),
        ("POST", f"/v1/models/tagger/versions/{2**64}:predict", 400, "Failed to convert version"),
        ("POST", f"/v1/models/tagger/versions/{'9' * 5000}:predict", 400, "Failed to convert version"),
        ("PATCH", "/v1/models/tagger", 400, "Malformed request: PATCH /v1/models/tagger"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/tagger%3Fb", 404, "Could not find any versions of model tagger?b"),
    ],
)
def test_bad_paths(rest, method, path, status, message):
    answer = rest.request(method, path, content='{"instances": ["a"]}')
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_not_v1_is_not_found(rest):
    assert rest.get("/v2/models/tagger").status_code == 404


@pytest.mark.parametrize("path", ["/v1/models/tagger", "/v1/models/tagger/versions/7", "/V1/Models/tagger"])
def test_status(rest, path):
    assert rest.get(path).json() == {
        "model_version_status": [
            {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }


def test_metadata(rest):
    metadata = rest.get("/v1/models/tagger/metadata").json()
    assert metadata["model_spec"]["version"] == "7"
    assert metadata["metadata"]["signature_def"].keys() == {"signature_def"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert signatures["decode"]["inputs"]["examples"]["dtype"] == "DT_STRING"
