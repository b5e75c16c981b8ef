"""TensorFlow Serving's JSON for Predict: rows (`instances`) or columns (`inputs`), bytes as `b64` objects."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.endpoints.json_values import append_values, as_text, is_base64, shape_of, to_json, utf8_of
from serving.server.wire.errors import ServingError, invalid
from serving.server.wire.tensors import to_array

Inputs = Mapping[str, TensorInfo]
# What rapidjson takes for numbers (json_tensor.cc, `ParseJson`), and what tells whether it stands in a string.
_CONSTANT = re.compile(r"-?(?:NaN|Inf(?:inity)?)")
_CONSTANT_OR_QUOTE = re.compile(rf'\\.|"|{_CONSTANT.pattern}', re.S)


def read_request(body: bytes, request: PredictRequest, inputs_of: Callable[[str], Inputs]) -> bool:
    """Fill signature and inputs of `request` from a JSON body.

    Args:
      body: as it came.
      request: names its model already.
      inputs_of: looks up the declared inputs of a signature by name ("" = default).

    Returns:
      Whether the body was in rows: the answer has the same form.

    Raises:
      ServingError: INVALID_ARGUMENT.
    """
    document = _parse(body)
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(f"the 'signature_name' key must be a string; found {as_text(signature)}")
    utf8_of(signature)
    request.model_spec.signature_name = signature
    declared = inputs_of(signature)
    if ("instances" in document) == ("inputs" in document):
        raise invalid("expected one of the keys 'inputs' and 'instances' in the request")
    in_rows = "instances" in document
    if in_rows:
        _read_rows(document["instances"], declared, request)
    else:
        _read_columns(document["inputs"], declared, request)
    return in_rows


def write_response(response: PredictResponse, *, in_rows: bool) -> str:
    """Write the answer: `predictions` by row or `outputs` by column; a single output comes without its name.

    Raises:
      ServingError: outputs without a common number of rows cannot be written by row.
    """
    outputs = {alias: to_json(alias, to_array(proto)) for alias, proto in sorted(response.outputs.items())}
    is_single = len(outputs) == 1
    if not in_rows:
        return json.dumps(
            {"outputs": next(iter(outputs.values())) if is_single else outputs}, ensure_ascii=False
        )
    sizes = {alias: len(column) if isinstance(column, list) else None for alias, column in outputs.items()}
    if len(set(sizes.values())) > 1 or None in sizes.values():
        raise invalid(
            f"the outputs have no common number of rows, {sizes}: send 'inputs' in place of 'instances'"
        )
    if is_single:
        rows: list[Any] = next(iter(outputs.values()))
    else:
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    return json.dumps({"predictions": rows}, ensure_ascii=False)


def _parse(body: bytes) -> dict[str, Any]:
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = _document(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from error
    except ValueError as error:
        raise invalid(f"JSON Parse error: {error} at offset: 0") from error
    except RecursionError as error:
        raise invalid("JSON Parse error: nested too deeply at offset: 0") from error
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {as_text(document)} Is not object")
    return document


def _document(text: str) -> Any:
    """Parse `text`, which may hold `Inf`, `-Inf` and `-NaN` too."""
    try:
        return json.loads(text, parse_float=_finite)
    except json.JSONDecodeError as error:
        if not _CONSTANT.match(text, error.pos):
            raise
    parts, constants, end, in_string = [], [], 0, False
    for match in _CONSTANT_OR_QUOTE.finditer(text):
        token = match[0]
        if token == '"':
            in_string = not in_string
        elif not in_string and token[0] != "\\":
            # One that Python knows, as long, so that errors keep their offsets; the parser meets them in this order.
            parts += [text[end : match.start()], "NaN".rjust(len(token))]
            constants.append(float(token))
            end = match.end()
    values = iter(constants)
    return json.loads("".join(parts) + text[end:], parse_float=_finite, parse_constant=lambda _: next(values))


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("Number too big to be stored in double.")
    return value


def _read_rows(rows: Any, declared: Inputs, request: PredictRequest) -> None:
    if not isinstance(rows, list) or not rows:
        raise invalid(f"expected 'instances' to be a list with values; found {as_text(rows)}")
    named = _is_named(rows[0])
    if not named and len(declared) > 1:
        raise invalid(f"expected each of 'instances' to be an object with the inputs {_names(declared)}")
    shapes: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        items = row if named else {next(iter(declared)): row}
        if _is_named(row) != named or items.keys() != declared.keys():
            raise invalid(
                f"Failed to process element: {number} of 'instances' list: expected the inputs "
                f"{_names(declared)} as in the other elements; found {as_text(row)}"
            )
        for alias, value in items.items():
            try:
                _add_row(request, alias, value, declared, shapes)
            except ServingError as error:
                raise invalid(
                    f"Failed to process element: {number} key: {alias} of 'instances' list. "
                    f"Error: {error.code.name}: {error.message}"
                ) from error
    for alias, shape in shapes.items():
        _set_type(request.inputs[alias], declared[alias].dtype, [len(rows), *shape])


def _add_row(
    request: PredictRequest, alias: str, value: Any, declared: Inputs, shapes: dict[str, list[int]]
) -> None:
    shape = shape_of(value)
    if alias not in shapes:
        # Before millions of rows are read in vain.
        _require_rank(declared[alias], len(shape) + 1)
    first = shapes.setdefault(alias, shape)
    if shape != first:
        raise invalid(f"expected the shape {first} of the first row; found {shape}")
    append_values(request.inputs[alias], value, declared[alias].dtype, shape)


def _read_columns(columns: Any, declared: Inputs, request: PredictRequest) -> None:
    if not _is_named(columns):
        if len(declared) > 1:
            raise invalid(f"expected 'inputs' to be an object with the inputs {_names(declared)}")
        columns = {next(iter(declared)): columns}
    for alias, info in declared.items():
        if alias not in columns:
            raise invalid(f"Missing named input: {alias} in 'inputs' object.")
        shape = shape_of(columns[alias])
        _require_rank(info, len(shape))
        append_values(request.inputs[alias], columns[alias], info.dtype, shape)
        _set_type(request.inputs[alias], info.dtype, shape)


def _require_rank(info: TensorInfo, rank: int) -> None:
    declared = len(info.tensor_shape.dim)
    if rank != declared and not info.tensor_shape.unknown_rank:
        raise invalid(f"expected a tensor of {declared} dimensions; found {rank}")


def _set_type(tensor: TensorProto, dtype: int, shape: list[int]) -> None:
    tensor.dtype = dtype
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _names(declared: Inputs) -> str:
    return ", ".join(sorted(declared))
