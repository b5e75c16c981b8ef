"""The bodies of REST requests and answers: JSON to tensors and back."""

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


def sums(rest: httpx.Client, *rows: str) -> httpx.Response:
    return predict(
        rest, f'{{"signature_name": "arithmetic", "inputs": {{"x": [{", ".join(rows)}], "y": 0}}}}'
    )


def test_numbers_beyond_float32_are_rounded(rest):
    rows = ("[16777217, 0]", "[1e39, 0]", "[0.100000000000000000001, 0]", "[-1e308, 0]")
    assert sums(rest, *rows).json()["outputs"]["sum"] == [16777216.0, np.inf, 0.1, -np.inf]


@pytest.mark.parametrize("number", ["1e309", "-1e999999", "1" + "0" * 400])
def test_numbers_beyond_float64_are_refused(rest, number):
    answer = sums(rest, f"[{number}, 0]")
    assert answer.status_code == 400
    assert "Number too big to be stored in double" in answer.json()["error"]


def test_infinity_has_a_short_form_too(rest):
    rows = (
        "[Inf, 0]",
        "[-Inf, 0]",
        "[Infinity, 0]",
        "[-Infinity, 0]",
        "[Inf, -Inf]",
        "[-NaN, 0]",
        "[NaN, 1]",
    )
    found = sums(rest, *rows).json()["outputs"]["sum"]
    assert found[:4] == [np.inf, -np.inf, np.inf, -np.inf]
    assert np.isnan(found[4:]).all()


@pytest.mark.embedded
def test_what_a_string_holds_is_no_number(rest):
    texts = ["Inf", r'"-Inf', "\\", "NaN"]
    body = {"signature_name": "decode_text", "instances": texts}
    with_infinity = '{"other": [Inf, -Inf], ' + json.dumps(body)[1:]
    assert predict(rest, with_infinity).json() == predict(rest, body).json()


@pytest.mark.parametrize(
    "row", ["[Inf|i, 0]", "[Inf|Inf, 0]", "[Inf, -Inf, |x]", "[1|Inf, 0]", "[-NaN, |--Inf]"]
)
def test_the_offset_of_an_error_after_infinity_is_that_of_the_body(rest, row):
    before, after = row.split("|")
    answer = sums(rest, before + after)
    assert answer.status_code == 400
    at = answer.request.content.index((before + after).encode()) + len(before)
    assert TFSERVING or answer.json()["error"].endswith(f"at offset: {at}")


@pytest.mark.parametrize(
    ("encoded", "is_read"),
    [
        ("QQ==", True),
        ("QQ", True),
        ("QQ..", True),
        (" Q\tQ\n=\r\f=\v", True),
        ("QUI", True),
        ("QQ=", False),
        ("QUI==", False),
        ("QUJD=", False),
        ("Q", False),
        ("Q===", False),
        ("Q=Q=", False),
        ("QQ\u00a0", False),
        ("Q-__", False),
    ],
)
def test_the_padding_of_base64_is_complete_or_missing(rest, encoded, is_read):
    body = {"signature_name": "echo", "instances": [{"s": {"b64": encoded}, "i": 1, "b": True}]}
    answer = predict(rest, body)
    assert answer.status_code == (200 if is_read else 400)
    if not is_read:
        assert "Unable to base64 decode" in answer.json()["error"]


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
        ({"signature_name": "echo", "instances": [{"s": "a", "i": True, "b": True}]}, "Type: True"),
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
