"""Classify, Regress and MultiInference: TensorFlow Serving's codes and texts, by gRPC and by REST."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import httpx
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.server import Server
from tests.serving.server import scoring_model
from tests.serving.server.scoring_model import CLASSIFY, REGRESS

CODES = grpc.StatusCode


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("scorer")
    scoring_model.export(base / "4")
    flags = Flags(
        model_base_path=str(base),
        model_name="scorer",
        port=0,
        rest_api_port=ANY_FREE_PORT,
        file_system_poll_wait_seconds=0,
    )
    with Server(flags) as running:
        yield running


@pytest.fixture(scope="module")
def stub(scorer: Server) -> Iterator[prediction_service_pb2_grpc.PredictionServiceStub]:
    with grpc.insecure_channel(scorer.target) as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def example(x: float | None) -> tf.train.Example:
    made = tf.train.Example()
    if x is not None:
        made.features.feature["x"].float_list.value.append(x)
    return made


def inputs(*values: float) -> input_pb2.Input:
    return input_pb2.Input(example_list=input_pb2.ExampleList(examples=[example(x) for x in values]))


def classify(signature: str = "", *values: float) -> classification_pb2.ClassificationRequest:
    made = classification_pb2.ClassificationRequest(input=inputs(*values))
    made.model_spec.name = "scorer"
    made.model_spec.signature_name = signature
    return made


def regress(signature: str, *values: float) -> regression_pb2.RegressionRequest:
    made = regression_pb2.RegressionRequest(input=inputs(*values))
    made.model_spec.name = "scorer"
    made.model_spec.signature_name = signature
    return made


def multi(
    *tasks: tuple[str, str, str], values: tuple[float, ...] = (0.25,)
) -> inference_pb2.MultiInferenceRequest:
    made = inference_pb2.MultiInferenceRequest(input=inputs(*values))
    for model, signature, method in tasks:
        task = made.tasks.add(method_name=method)
        task.model_spec.name = model
        task.model_spec.signature_name = signature
    return made


def test_classes_and_scores(stub):
    answer = stub.Classify(classify("", 0.25, 0.5), timeout=10)
    told = [[(entry.label, entry.score) for entry in row.classes] for row in answer.result.classifications]
    assert told == [[("yes", 0.25), ("no", 0.75)], [("yes", 0.5), ("no", 0.5)]]
    assert answer.model_spec.signature_name == "serving_default"
    assert answer.model_spec.version.value == 4


def test_classes_without_scores(stub):
    (row,) = stub.Classify(classify("classes_only", 0.25), timeout=10).result.classifications
    assert [(entry.label, entry.score) for entry in row.classes] == [("yes", 0), ("no", 0)]


@pytest.mark.parametrize("signature", ["value", "column"])
def test_values(stub, signature):
    answer = stub.Regress(regress(signature, 0.25, 3), timeout=10)
    assert [row.value for row in answer.result.regressions] == [0.5, 6.0]


def test_a_context_goes_before_each_example(stub):
    made = regression_pb2.RegressionRequest()
    made.model_spec.name = "scorer"
    made.model_spec.signature_name = "value"
    listed = made.input.example_list_with_context
    listed.context.CopyFrom(example(0.25))
    listed.examples.extend([example(None), example(1.0)])
    answer = stub.Regress(made, timeout=10)
    assert [row.value for row in answer.result.regressions] == [0.5, 2.0]


def test_several_signatures_by_one_run(stub):
    answer = stub.MultiInference(multi(("scorer", "", CLASSIFY), ("scorer", "value", REGRESS)), timeout=10)
    first, second = answer.results
    assert [entry.label for entry in first.classification_result.classifications[0].classes] == ["yes", "no"]
    assert second.regression_result.regressions[0].value == 0.5
    assert second.model_spec.signature_name == "value"
    assert second.model_spec.version.value == 4


REFUSED = {
    "no model_spec": (classification_pb2.ClassificationRequest(), "Missing ModelSpec"),
    "empty input": (classify(), "Input is empty."),
    "unknown signature": (classify("parse", 1), "No signature was found with the name: parse"),
    "two inputs": (classify("two_inputs", 1), "Expected one input Tensor."),
    "three outputs": (classify("three_outputs", 1), "Expected one or two output Tensors, found 3"),
    "flat": (classify("flat_scores", 1, 2), "Expected Tensor shape: [batch_size num_classes] but got [2]"),
    "strings": (classify("string_scores", 1), "Expected scores Tensor of DT_FLOAT. Got: DT_STRING"),
    "short": (classify("short_scores", 1, 2), "Expected scores output batch size of 2. Got: 1"),
    "uneven": (classify("uneven", 1), "Tensors class and score should match in dim_size(1). Got 1 vs. 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_classify_refuses(stub, name):
    made, text = REFUSED[name]
    with pytest.raises(grpc.RpcError) as caught:
        stub.Classify(made, timeout=10)
    assert (caught.value.code(), caught.value.details()) == (CODES.INVALID_ARGUMENT, text)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            classify("no_scores", 1),
            'Expected classification signature outputs to contain at least one of "classes" or "scores". '
            "Signature was: ",
        ),
        (classify("no_inputs", 1), "No classification inputs found in SignatureDef: "),
    ],
)
def test_classify_needs_a_signature_that_classifies(stub, made, text):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Classify(made, timeout=10)
    assert caught.value.code() is CODES.FAILED_PRECONDITION
    assert caught.value.details().startswith(text)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (regress("value"), "Input is empty."),
        (regress("parse", 1), "No signature was found with the name: parse"),
        (regress("serving_default", 1), "Expected one output Tensor."),
        (
            regress("two_values", 1),
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]",
        ),
        (regress("string_value", 1), "Expected output Tensor of DT_FLOAT.  Got: DT_STRING"),
        (regress("short_value", 1, 2), "Input batch size did not match output batch size: 2 vs. 1"),
    ],
)
def test_regress_refuses(stub, made, text):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Regress(made, timeout=10)
    assert (caught.value.code(), caught.value.details()) == (CODES.INVALID_ARGUMENT, text)


@pytest.mark.parametrize(
    ("made", "code", "text"),
    [
        (multi(), CODES.INVALID_ARGUMENT, "Missing ModelSpec"),
        (multi(("", "value", REGRESS)), CODES.INVALID_ARGUMENT, "ModelSpec has no name specified."),
        (
            multi(("scorer", "value", REGRESS), ("", "column", REGRESS)),
            CODES.INVALID_ARGUMENT,
            "Found ModelSpec with an empty model name.",
        ),
        (
            multi(("scorer", "value", REGRESS), ("other", "column", REGRESS)),
            CODES.INVALID_ARGUMENT,
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            multi(("scorer", "", CLASSIFY), ("scorer", "serving_default", CLASSIFY)),
            CODES.INVALID_ARGUMENT,
            "Duplicate evaluation of signature: serving_default",
        ),
        (
            multi(("scorer", "parse", CLASSIFY)),
            CODES.INVALID_ARGUMENT,
            "Requested signature not found in model graph: parse",
        ),
        (
            multi(("scorer", "value", "tensorflow/serving/predict")),
            CODES.UNIMPLEMENTED,
            "Unsupported signature method_name: tensorflow/serving/predict",
        ),
        (
            multi(("scorer", "value", REGRESS), ("scorer", "other_input", REGRESS)),
            CODES.INVALID_ARGUMENT,
            "Input tensor must be the same for all Signatures.",
        ),
        (
            multi(("nobody", "value", REGRESS)),
            CODES.NOT_FOUND,
            "Servable not found for request: Latest(nobody)",
        ),
    ],
)
def test_multi_inference_refuses(stub, made, code, text):
    with pytest.raises(grpc.RpcError) as caught:
        stub.MultiInference(made, timeout=10)
    assert (caught.value.code(), caught.value.details()) == (code, text)


def post(scorer: Server, method: str, body: object) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    return httpx.post(f"http://127.0.0.1:{scorer.rest_port}/v1/models/scorer:{method}", content=content)


def test_rest_classify(scorer):
    answer = post(scorer, "classify", {"examples": [{"x": 0.25}, {"x": [0.5]}]})
    assert answer.json() == {"results": [[["yes", 0.25], ["no", 0.75]], [["yes", 0.5], ["no", 0.5]]]}


def test_rest_regress_with_a_context(scorer):
    body = {"signature_name": "value", "context": {"x": 0.1}, "examples": [{}, {"x": 2.0}]}
    assert post(scorer, "regress", body).text == '{"results": [0.2, 4.0]}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "JSON Parse error: The document is empty"),
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"x": [1.5, "a"]}]}, "Unexpected element type in feature: x expecting type: float"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
        ({"examples": [{"x": [[1.0]]}]}, "Feature: x has element with unexpected JSON type: Array"),
        ({"examples": [{"x": 2**63}]}, "Feature: x has uint64 element. Only int64 is supported."),
        ({"examples": [{"x": {"b64": "%%%"}}]}, "Unable to base64 decode"),
        ({"examples": [{"x": "text"}]}, "x"),
        (
            {"signature_name": "parse", "examples": [{"x": 1.0}]},
            "No signature was found with the name: parse",
        ),
    ],
)
def test_rest_refuses(scorer, body, message):
    answer = post(scorer, "classify", body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
