"""The gRPC services through TensorFlow Serving's own stubs: answers, status codes and messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from tests.serving.running import TFSERVING, Running

Request = predict_pb2.PredictRequest


@pytest.fixture(scope="module")
def channel(server: Running) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.target) as opened:
        yield opened


@pytest.fixture(scope="module")
def prediction(channel: grpc.Channel) -> PredictionServiceStub:
    return PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def model_service(channel: grpc.Channel) -> ModelServiceStub:
    return ModelServiceStub(channel)


def request(
    signature: str = "decode_text", *, model: str = "tagger", version: int | None = None, **inputs: object
) -> Request:
    made = Request()
    made.model_spec.name = model
    made.model_spec.signature_name = signature
    if version is not None:
        made.model_spec.version.value = version
    for alias, value in inputs.items():
        made.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return made


def label() -> Request:
    made = request(text=["a"])
    made.model_spec.version_label = "stable"
    return made


def filtered(*outputs: str) -> Request:
    made = request(text=["a"])
    made.output_filter.extend(outputs)
    return made


def undecodable() -> Request:
    made = request(text=["a"])
    made.inputs["text"].tensor_shape.dim[0].size = -3
    return made


def misshapen(
    *sizes: int, dtype: int = tf.string.as_datatype_enum, signature: str = "decode_text", alias: str = "text"
) -> Request:
    """A request whose only tensor has a shape and no values."""
    made = request(signature)
    made.inputs[alias].dtype = dtype
    for size in sizes:
        made.inputs[alias].tensor_shape.dim.add(size=size)
    return made


X = tf.constant([[1.0, 2.0]])
CODES = grpc.StatusCode
TEXT_OUTPUTS = "confidence,ends,lengths,score,starts,tags,tokens"

ROWS: dict[str, tuple[Callable[[], Request], grpc.StatusCode, str]] = {
    "no model_spec": (Request, CODES.INVALID_ARGUMENT, "Missing ModelSpec"),
    "empty name": (
        lambda: request(model=""),
        CODES.INVALID_ARGUMENT,
        "ModelSpec has no name specified.",
    ),
    "unknown model": (
        lambda: request(model="nobody"),
        CODES.NOT_FOUND,
        "Servable not found for request: Latest(nobody)",
    ),
    "unknown version": (
        lambda: request(version=3),
        CODES.NOT_FOUND,
        "Servable not found for request: Specific(tagger, 3)",
    ),
    "0 is a version": (
        lambda: request(version=0),
        CODES.NOT_FOUND,
        "Servable not found for request: Specific(tagger, 0)",
    ),
    "unknown model and version": (
        lambda: request(model="nobody", version=2),
        CODES.NOT_FOUND,
        "Servable not found for request: Specific(nobody, 2)",
    ),
    "labels never set": (label, CODES.UNAVAILABLE, "Model labels does not init yet.stable"),
    "unknown signature": (
        lambda: request("parse"),
        CODES.FAILED_PRECONDITION,
        'Serving signature key "parse" not found.',
    ),
    "too many inputs": (
        lambda: request(text=["a"], tone=["b"], also=["c"]),
        CODES.INVALID_ARGUMENT,
        "inputs do not match the signature: sent {also,text,tone}, declared {text}, "
        "unknown {also,tone}, missing {}",
    ),
    "too few inputs": (
        lambda: request("arithmetic", y=1.0),
        CODES.INVALID_ARGUMENT,
        "inputs do not match the signature: sent {y}, declared {x,y}, unknown {}, missing {x}",
    ),
    "right count, wrong name": (
        lambda: request(txt=["a"]),
        CODES.INVALID_ARGUMENT,
        "inputs do not match the signature: sent {txt}, declared {text}, unknown {txt}, missing {text}",
    ),
    "undecodable tensor": (
        undecodable,
        CODES.INVALID_ARGUMENT,
        "tensor parsing error: text: shape [-3]",
    ),
    "unknown output": (
        lambda: filtered("tags", "lemmas"),
        CODES.INVALID_ARGUMENT,
        f"the signature has no outputs {{lemmas}}: expected some of {{{TEXT_OUTPUTS}}}",
    ),
    "output twice": (
        lambda: filtered("tags", "tags"),
        CODES.INVALID_ARGUMENT,
        "output_filter names an output twice: tags, tags",
    ),
    "wrong dtype": (
        lambda: request("arithmetic", x=X, y=tf.constant(1.0, tf.float64)),
        CODES.INVALID_ARGUMENT,
        "input y: expected the type float; found double",
    ),
    "type that there is not": (
        lambda: misshapen(1, dtype=999),
        CODES.INVALID_ARGUMENT,
        "input text: expected the type string; found 999",
    ),
    "wrong rank": (
        lambda: request(text=[["a", "b"]]),
        CODES.INVALID_ARGUMENT,
        "input text: expected the shape [?]; found [1, 2]",
    ),
    "wrong dimension": (
        lambda: request("arithmetic", x=tf.ones([1, 3]), y=1.0),
        CODES.INVALID_ARGUMENT,
        "input x: expected the shape [?, 2]; found [1, 3]",
    ),
    "no elements of an enormous shape": (
        lambda: misshapen(0, 2**62, signature="decode_tokens", alias="tokens"),
        CODES.INVALID_ARGUMENT,
        "tensor parsing error: tokens: shape [0, 4611686018427387904]: a tensor without elements may have 4096 "
        "rows at most",
    ),
    "a shape and no values": (
        lambda: misshapen(10_000_000),
        CODES.INVALID_ARGUMENT,
        "tensor parsing error: text: shape [10000000]: expected 10000000 values; found 0",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_predict_refuses(name, prediction):
    make, code, text = ROWS[name]
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(make(), timeout=10)
    assert caught.value.code() is code
    # The codes are the same; TensorFlow Serving words some messages otherwise.
    assert TFSERVING or caught.value.details() == text


def test_invalid_bytes_in_an_example_are_refused(prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(request("decode", examples=[b"\xff\xfe\x00 no example"]), timeout=10)
    assert caught.value.code() is CODES.INVALID_ARGUMENT


@pytest.mark.embedded
@pytest.mark.parametrize("service", ["PredictionService/Predict", "ModelService/GetModelStatus"])
def test_bytes_that_are_no_message_are_refused(service, channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/tensorflow.serving.{service}")(b"\x0a\xff no message", timeout=10)
    assert caught.value.code() is CODES.INVALID_ARGUMENT
    assert caught.value.details().endswith("found 13 bytes that are none")


@pytest.mark.embedded
def test_a_request_may_have_64_mebibytes(prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(request(text=["a" * 2**26]), timeout=10)
    assert caught.value.code() is CODES.RESOURCE_EXHAUSTED


@pytest.mark.embedded
def test_a_compressed_request_is_refused(prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(request(text=["a" * 2**20]), timeout=10, compression=grpc.Compression.Gzip)
    assert caught.value.code() is CODES.UNIMPLEMENTED
    assert caught.value.details() == "Compression algorithm 'gzip' is disabled."


def test_predict_answers_with_the_effective_signature_and_typed_fields(prediction):
    made = Request()
    made.model_spec.name = "tagger"
    made.inputs["examples"].CopyFrom(tf.make_tensor_proto([tf.train.Example().SerializeToString()]))
    answer = prediction.Predict(made, timeout=10)
    assert answer.model_spec.name == "tagger"
    assert answer.model_spec.signature_name == "serving_default"
    assert answer.model_spec.version.value == 7
    assert list(answer.outputs["score"].float_val) == [0.25]
    assert not answer.outputs["score"].tensor_content


def test_only_the_outputs_of_the_filter_are_answered(prediction):
    assert set(prediction.Predict(filtered("tags"), timeout=10).outputs) == {"tags"}


def test_a_version_is_chosen_by_number(prediction):
    assert prediction.Predict(request(text=["a"], version=7), timeout=10).model_spec.version.value == 7


def test_a_deadline_that_passes_during_the_run(prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(request("slow", rounds=200_000), timeout=0.1)
    assert caught.value.code() is CODES.DEADLINE_EXCEEDED


def test_long_messages_are_cut_as_by_tensorflow_serving(prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.Predict(request("s" * 3000), timeout=10)
    message, _, rest = caught.value.details().partition("...TRUNCATED")
    assert (len(message), rest) == (1024, "")
    assert message.endswith("sss")


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("call", "request_type"),
    [
        ("Classify", classification_pb2.ClassificationRequest),
        ("Regress", regression_pb2.RegressionRequest),
        ("MultiInference", inference_pb2.MultiInferenceRequest),
    ],
)
def test_calls_that_no_tagger_answers_are_unimplemented(call, request_type, prediction):
    with pytest.raises(grpc.RpcError) as caught:
        getattr(prediction, call)(request_type(), timeout=10)
    assert caught.value.code() is CODES.UNIMPLEMENTED
    assert caught.value.details().startswith(f"{call} is not served here: a tagger answers Predict")


def metadata(*fields: str, model: str | None = "tagger") -> get_model_metadata_pb2.GetModelMetadataRequest:
    made = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    if model is not None:
        made.model_spec.name = model
    return made


@pytest.mark.parametrize(
    ("made", "code", "text"),
    [
        (metadata("signature_def", model=None), CODES.INVALID_ARGUMENT, "Missing ModelSpec"),
        (
            metadata(),
            CODES.INVALID_ARGUMENT,
            "GetModelMetadataRequest must specify at least one metadata_field",
        ),
        (metadata("weights"), CODES.INVALID_ARGUMENT, "Metadata field weights is not supported"),
        (
            metadata("signature_def", model="nobody"),
            CODES.NOT_FOUND,
            "Servable not found for request: Latest(nobody)",
        ),
    ],
)
def test_metadata_refuses(made, code, text, prediction):
    with pytest.raises(grpc.RpcError) as caught:
        prediction.GetModelMetadata(made, timeout=10)
    assert (caught.value.code(), caught.value.details()) == (code, text)


def test_metadata_packs_the_signatures(prediction):
    answer = prediction.GetModelMetadata(metadata("signature_def"), timeout=10)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert {"decode", "decode_text", "decode_tokens", "serving_default"} <= set(signatures.signature_def)
    assert answer.model_spec.version.value == 7


def status(model: str | None, version: int | None = None) -> get_model_status_pb2.GetModelStatusRequest:
    made = get_model_status_pb2.GetModelStatusRequest()
    if model is not None:
        made.model_spec.name = model
    if version is not None:
        made.model_spec.version.value = version
    return made


@pytest.mark.parametrize(
    ("made", "code", "text"),
    [
        (status(None), CODES.INVALID_ARGUMENT, "Missing ModelSpec"),
        (status("nobody"), CODES.NOT_FOUND, "Could not find any versions of model nobody"),
        (status("tagger", 8), CODES.NOT_FOUND, "Could not find version 8 of model tagger"),
    ],
)
def test_status_refuses(made, code, text, model_service):
    with pytest.raises(grpc.RpcError) as caught:
        model_service.GetModelStatus(made, timeout=10)
    assert (caught.value.code(), caught.value.details()) == (code, text)


def test_status_of_a_served_version(model_service):
    (entry,) = model_service.GetModelStatus(status("tagger"), timeout=10).model_version_status
    assert (entry.version, entry.state, entry.status.error_code) == (7, 30, 0)
