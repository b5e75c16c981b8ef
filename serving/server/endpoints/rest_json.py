"""TensorFlow Serving's JSON for Predict: rows (`instances`) or columns (`inputs`), bytes as `b64` objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.endpoints.json_values import append_values, as_text, is_base64, shape_of, to_json, utf8_of
from serving.server.errors import ServingError, invalid
from serving.server.graph.tensors import to_array

Inputs = Mapping[str, TensorInfo]


def read_request(body: bytes, request: PredictRequest, inputs_of: Callable[[str], Inputs]) -> bool:
    """Fills `request` (whose model is known) from a JSON body.

    Args:
      body: as it came.
      request: gets signature and inputs.
      inputs_of: the declared inputs of a signature by name ("" = default).

    Returns:
      Whether it was in rows: the answer is in the same form.

    Raises:
      ServingError: the body is not what TensorFlow Serving takes.
    """
    document = parse(body)
    signature = read_signature(document)
    request.model_spec.signature_name = signature
    declared = inputs_of(signature)
    if "instances" in document and "inputs" in document:
        raise _misformed(
            document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" in document:
        _read_rows(document, declared, request)
        return True
    if "inputs" in document:
        _read_columns(document["inputs"], declared, request)
        return False
    raise invalid("Missing 'inputs' or 'instances' key")


def write_response(response: PredictResponse, *, in_rows: bool) -> str:
    """The JSON answer: `predictions` by row or `outputs` by column; a single output comes without its name.

    Raises:
      ServingError: outputs that have no common batch size cannot be told by row.
    """
    outputs = {alias: to_json(alias, to_array(proto)) for alias, proto in sorted(response.outputs.items())}
    if not in_rows:
        told: Any = next(iter(outputs.values())) if len(outputs) == 1 else outputs
        return json.dumps({"outputs": told}, ensure_ascii=False)
    if scalars := [alias for alias, column in outputs.items() if not isinstance(column, list)]:
        raise invalid(f"Tensor name: {scalars[0]} has no shape information ")
    sizes = {alias: len(column) for alias, column in outputs.items()}
    if len(set(sizes.values())) > 1:
        (first, size), *others = sizes.items()
        odd = next(alias for alias, other in others if other != size)
        raise invalid(
            f"Tensor name: {odd} has inconsistent batch size: {sizes[odd]} expecting: {size} (of {first})"
        )
    if len(outputs) == 1:
        rows: list[Any] = next(iter(outputs.values()))
    else:
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    return json.dumps({"predictions": rows}, ensure_ascii=False)


def parse(body: bytes) -> dict[str, Any]:
    """The object that `body` is.

    Raises:
      ServingError: it is no JSON, or no object.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from error
    except ValueError as error:
        raise invalid(f"JSON Parse error: {error} at offset: 0") from error
    except RecursionError as error:
        raise invalid("JSON Parse error: nested too deeply at offset: 0") from error
    if not isinstance(document, dict):
        raise _misformed(document, "Is not object")
    return document


def read_signature(document: dict[str, Any]) -> str:
    """The signature that a request names; "" for the default.

    Raises:
      ServingError: it is no string.
    """
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise _misformed(document, "not formatted correctly. 'signature_name' key must be a string value.")
    utf8_of(signature)
    return signature


def _read_rows(document: dict[str, Any], declared: Inputs, request: PredictRequest) -> None:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise _misformed(document, "Excepting 'instances' to be an list/array")
    if not rows:
        raise _misformed(document, "No values in 'instances' array")
    named = _is_named(rows[0])
    if not named and len(declared) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as "
            "per tensorinfo_map"
        )
    shapes: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if named != _is_named(row):
            kinds = "object but got list" if named else "value/list but got object"
            raise invalid(f"Expecting {kinds} at item {number} of input list")
        where = f"Failed to process element: {number}"
        items = row if named else {next(iter(declared)): row}
        for alias, value in items.items():
            try:
                _add_row(request, alias, value, declared, shapes)
            except ServingError as error:
                key = f" key: {alias}" if named else ""
                raise invalid(
                    f"{where}{key} of 'instances' list. Error: {error.code.name}: {error.message}"
                ) from error
        if items.keys() != declared.keys():
            raise invalid(
                f"{where} of 'instances' list. JSON object: {as_text(row)} keys must be equal to: "
                f"{','.join(sorted(declared))}"
            )
    for alias, shape in shapes.items():
        _set_type(request.inputs[alias], declared[alias].dtype, [len(rows), *shape])


def _add_row(
    request: PredictRequest, alias: str, value: Any, declared: Inputs, shapes: dict[str, list[int]]
) -> None:
    if alias not in declared:
        raise invalid(f"JSON object: does not have named input: {alias}")
    shape = shape_of(value)
    size = append_values(request.inputs[alias], value, declared[alias].dtype, shape)
    known = shapes.setdefault(alias, shape)
    if known != shape:
        expected = int(np.prod(known, dtype=np.int64))
        if expected != size:
            raise invalid(f"Expecting tensor size: {expected} but got: {size}")
        raise invalid(f"Expecting shape {_brackets(known)} but got: {_brackets(shape)}")


def _read_columns(value: Any, declared: Inputs, request: PredictRequest) -> None:
    if not _is_named(value):
        if len(declared) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as "
                "per tensorinfo_map"
            )
        value = {next(iter(declared)): value}
    for alias, info in declared.items():
        if alias not in value:
            raise invalid(f"Missing named input: {alias} in 'inputs' object.")
        shape = shape_of(value[alias])
        append_values(request.inputs[alias], value[alias], info.dtype, shape)
        _set_type(request.inputs[alias], info.dtype, shape)


def _set_type(tensor: TensorProto, dtype: int, shape: list[int]) -> None:
    tensor.dtype = dtype
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _brackets(shape: list[int]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _misformed(document: Any, message: str) -> ServingError:
    return invalid(f"JSON Value: {as_text(document)} {message}")
