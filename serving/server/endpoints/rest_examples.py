"""TensorFlow Serving's JSON for Classify and Regress: `examples` as objects of features."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest, ClassificationResult
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResult

from serving.server.endpoints.json_values import as_text, from_base64, is_base64, type_name, utf8_of
from serving.server.endpoints.rest_json import parse, read_signature
from serving.server.errors import ServingError, invalid

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def read_examples(body: bytes, request: ClassificationRequest | RegressionRequest) -> None:
    """Fills `request` (whose model is known) from a JSON body.

    Raises:
      ServingError: the body is not what TensorFlow Serving takes.
    """
    document = parse(body)
    request.model_spec.signature_name = read_signature(document)
    if "context" in document:
        _read_example(document["context"], request.input.example_list_with_context.context)
        examples = request.input.example_list_with_context.examples
    else:
        examples = request.input.example_list.examples
    if "examples" not in document:
        raise _misformed(document, "When method is classify, key 'examples' is expected and was not found")
    listed = document["examples"]
    if not isinstance(listed, list):
        raise _misformed(document, "Expecting 'examples' value to be an list/array")
    if not listed:
        raise _misformed(document, "'examples' value is an empty array")
    for value in listed:
        _read_example(value, examples.add())


def write_classification(result: ClassificationResult) -> str:
    """By row a list of `[label, score]`."""
    rows = [
        [[entry.label, _shortest(entry.score)] for entry in row.classes] for row in result.classifications
    ]
    return json.dumps({"results": rows}, ensure_ascii=False)


def write_regression(result: RegressionResult) -> str:
    """A value by row."""
    return json.dumps({"results": [_shortest(row.value) for row in result.regressions]})


def _shortest(value: float) -> float:
    return float(str(np.float32(value)))


def _read_example(value: Any, example: Example) -> None:
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {type_name(value)}")
    for name, content in value.items():
        utf8_of(name)
        feature = example.features.feature[name]
        for element in content if isinstance(content, list) else [content]:
            field, converted = _feature_value(name, element)
            known = feature.WhichOneof("kind")
            if known not in (None, field):
                raise invalid(f"Unexpected element type in feature: {name} expecting type: {_KINDS[known]}")
            getattr(feature, field).value.append(converted)


def _feature_value(name: str, value: Any) -> tuple[str, Any]:
    """The field of a Feature that `value` belongs in, and what to write there."""
    if isinstance(value, str):
        return "bytes_list", utf8_of(value)
    if is_base64(value):
        return "bytes_list", from_base64(value)
    if isinstance(value, float):
        if np.isfinite(value) and abs(value) > np.finfo(np.float32).max:
            raise invalid(f"Cannot convert JSON value: {as_text(value)} to float without loss of precision.")
        return "float_list", value
    if isinstance(value, int):  # true and false too
        if not -(2**63) <= value < 2**63:
            raise invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
        return "int64_list", int(value)
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")


def _misformed(document: Any, message: str) -> ServingError:
    return invalid(f"JSON Value: {as_text(document)} {message}")
