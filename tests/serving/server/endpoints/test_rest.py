"""The REST API: bodies, status codes and messages."""

from __future__ import annotations

import base64
import json

import httpx
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictResponse

from serving.server.endpoints.rest_json import write_response
from serving.server.wire.errors import ServingError
from serving.server.wire.tensors import fill_proto
from tests.serving.running import TFSERVING


@pytest.fixture(scope="module")
def rest(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=20) as client:
        yield client


def predict(rest: httpx.Client, body: object, path: str = "/v1/models/tagger:predict") -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    return rest.post(path, content=content)


def test_rows(rest):
    answer = predict(rest, {"signature_name": "decode_text", "instances": ["Anna sees Bob", "no"]})
    assert answer.status_code == 200
    first, second = answer.json()["predictions"]
    assert first["tags"] == ["B-PER", "O", "B-PER"]
    assert first["ends"] == [4, 9, 13]
    assert second["lengths"] == 1


def test_columns(rest):
    answer = predict(rest, {"signature_name": "decode_text", "inputs": {"text": ["Anna"]}})
    assert answer.json()["outputs"]["tags"] == [["B-PER"]]


def test_bytes_are_base64(rest):
    example = tf.train.Example()
    example.features.feature["tokens"].bytes_list.value.append(b"Anna")
    encoded = {"b64": base64.b64encode(example.SerializeToString()).decode()}
    assert predict(rest, {"instances": [encoded]}).json()["predictions"][0]["tags"] == ["B-PER"]
    loose = {"b64": encoded["b64"].rstrip("=")[:4] + "\n" + encoded["b64"].rstrip("=")[4:]}
    assert predict(rest, {"instances": [loose]}).json()["predictions"][0]["tags"] == ["B-PER"]
    assert predict(rest, {"instances": [{"examples": encoded}]}).json()["predictions"][0]["lengths"] == 1
    body = {"signature_name": "echo", "instances": [{"s": encoded, "i": 2**53 + 1, "b": True}]}
    assert predict(rest, body).json() == {"predictions": [{"b": True, "i": 2**53 + 1, "s_bytes": encoded}]}


def test_a_single_output_has_no_name_and_floats_keep_their_point(rest):
    answer = predict(rest, {"signature_name": "slow", "inputs": 0})
    assert answer.text == '{"outputs": 4096.0}'


def test_float32_has_the_fewest_digits_that_mean_it(rest):
    body = '{"signature_name": "arithmetic", "inputs": {"x": [[0.1, 0.2], [NaN, Infinity]], "y": 0}}'
    assert predict(rest, body).json()["outputs"]["sum"][0] == 0.3
    assert "NaN" in predict(rest, body).text


def test_numbers_beyond_float32_are_rounded(rest):
    body = '{"signature_name": "arithmetic", "inputs": {"x": [[16777217, 0], [1e39, 0], [1%s, 0]], "y": 0}}'
    assert predict(rest, body % ("0" * 400)).json()["outputs"]["sum"] == [16777216.0, np.inf, np.inf]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "JSON Parse error: The document is empty"),
        ('{"instances": [1', "at offset: 16"),
        ([1], "Is not object"),
        ({"signature_name": 3, "instances": [1]}, "the 'signature_name' key must be a string"),
        ({"rows": [1]}, "expected one of the keys 'inputs' and 'instances'"),
        ({"inputs": [1], "instances": [1]}, "expected one of the keys 'inputs' and 'instances'"),
        (
            {"signature_name": "parse", "instances": [1]},
            'Serving signature name: "parse" not found in signature def',
        ),
        (
            {"signature_name": "decode_text", "instances": [1]},
            "JSON Value: 1 Type: Number is not of expected type: string",
        ),
        (
            {"signature_name": "arithmetic", "inputs": {"x": [["q", 1]], "y": 1}},
            'JSON Value: "q" Type: String is not of expected type: float',
        ),
        (
            {"signature_name": "arithmetic", "inputs": {"x": [[1, 1]]}},
            "Missing named input: y in 'inputs' object.",
        ),
        (
            {"signature_name": "decode_text", "instances": ["a", ["a"]]},
            "Failed to process element: 1 key: text of 'instances' list. Error: INVALID_ARGUMENT: "
            "expected the shape [] of the first row; found [1]",
        ),
        (
            {"signature_name": "decode_text", "instances": [[]] * 2},
            "Failed to process element: 0 key: text of 'instances' list. Error: INVALID_ARGUMENT: "
            "expected a tensor of 1 dimensions; found 2",
        ),
        ({"signature_name": "decode_text", "inputs": [["a"]]}, "expected a tensor of 1 dimensions; found 2"),
        (
            {"signature_name": "arithmetic", "inputs": {"x": [["a" * 300, 1]], "y": 1}},
            f'JSON Value: "{"a" * 199}... Type: String',
        ),
        (
            {"signature_name": "echo", "instances": [{"s": "a", "i": 1, "b": True}, {"s": "a", "i": 1}]},
            "Failed to process element: 1 of 'instances' list: expected the inputs b, i, s as in the other "
            'elements; found {"s": "a", "i": 1}',
        ),
        ({"instances": []}, "expected 'instances' to be a list with values; found []"),
        ({"signature_name": "arithmetic", "instances": [[1, 2]]}, "to be an object with the inputs x, y"),
        ({"signature_name": "arithmetic", "inputs": [[1, 2]]}, "to be an object with the inputs x, y"),
        (
            {"signature_name": "arithmetic", "inputs": {"x": [[1, 2], [3]], "y": 1}},
            "expected a list of shape [2, 2]; found 1 elements at level 1",
        ),
        (
            {"signature_name": "arithmetic", "inputs": {"x": [[1, 2], 3], "y": 1}},
            "expected a list of shape [2, 2]; found 3 at level 1",
        ),
        (
            {"signature_name": "echo", "instances": [{"s": "a", "i": 2**63, "b": True}]},
            "expected type: int64",
        ),
        ({"signature_name": "echo", "instances": [{"s": "a", "i": True, "b": True}]}, "Type: Bool"),
        ({"signature_name": "echo", "instances": [{"s": "a", "i": 1, "b": 1}]}, "expected type: bool"),
        ({"instances": [{"examples": {"b32": "a"}}]}, 'is not of the form {"b64": "..."}'),
        ({"instances": [{"b64": "%%%"}]}, "Unable to base64 decode"),
    ],
)
def test_bad_bodies(rest, body, message):
    answer = predict(rest, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    # The codes are the same; TensorFlow Serving words some messages otherwise.
    assert TFSERVING or message in answer.json()["error"]


@pytest.mark.embedded
@pytest.mark.parametrize("second", [np.float32(1), np.ones(3, np.float32)])
def test_outputs_without_a_common_number_of_rows_are_refused(second):
    response = PredictResponse()
    fill_proto(response.outputs["first"], np.ones(2, np.float32))
    fill_proto(response.outputs["second"], np.asarray(second))
    with pytest.raises(ServingError, match="the outputs have no common number of rows"):
        write_response(response, in_rows=True)
    assert json.loads(write_response(response, in_rows=False))["outputs"]["first"] == [1, 1]


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
        ("POST", "/v1/models/tagger:Classify", 501, "Classify is not served here: a tagger answers Predict"),
        ("PUT", "/v1/models/tagger:predict", 400, "Malformed request: PUT /v1/models/tagger:predict"),
        ("POST", f"/v1/models/tagger/versions/{2**64}:predict", 400, "Failed to convert version"),
        ("POST", f"/v1/models/tagger/versions/{'9' * 5000}:predict", 400, "Failed to convert version"),
        ("OPTIONS", "/v1/models/tagger", 400, "Malformed request: OPTIONS /v1/models/tagger"),
        ("FOO", "/v1/models/tagger", 400, "Malformed request: FOO /v1/models/tagger"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/tagger%3Fb", 404, "Could not find any versions of model tagger?b"),
    ],
)
def test_bad_paths(rest, method, path, status, message):
    answer = rest.request(method, path, content='{"instances": ["a"]}')
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_bodies_that_are_not_json_are_refused(rest):
    deep = '{"signature_name": "decode_text", "instances": ' + "[" * 5000 + "]" * 5000 + "}"
    for nested in (deep, deep.replace("[" * 5000, "[" * 450).replace("]" * 5000, "]" * 450)):
        assert predict(rest, nested).status_code == 400
    lone = r'{"signature_name": "decode_text", "instances": ["\ud800"]}'
    assert predict(rest, lone).status_code == 400
    assert "surrogate" in predict(rest, lone).json()["error"]
    assert predict(rest, '{"signature_name": "\\ud800", "instances": [1]}').status_code == 400
    assert rest.post("/v1/models/tagger:predict", content=b'{"instances": ["\xff"]}').status_code == 400
    assert predict(rest, '{"instances": [' + "9" * 5000 + "]}").status_code == 400


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
