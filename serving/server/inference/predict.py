"""A Predict request as a call into a graph, and the graph's results as its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.graph.calls import Call, call_of
from serving.server.graph.servable import DEFAULT_SIGNATURE, CallKey, Servable
from serving.server.wire.errors import Code, ServingError, invalid
from serving.server.wire.tensors import UnreadableTensor, fill_proto, to_array, type_name

# TensorFlow makes an executor for each set of outputs, seconds and megabytes, and keeps it as long as the graph.
_MOST_FILTERS = 8


def run(servable: Servable, request: PredictRequest) -> PredictResponse:
    """Answer `request` by `servable` at once, whatever model the request names: for warming up.

    Raises:
      ServingError: with TensorFlow Serving's code.
    """
    name, call, arrays = prepare(servable, request, batched=False)
    return respond(servable, request, name, call, servable.session.run(call.feeds, call.fetches, arrays))


def prepare(
    servable: Servable, request: PredictRequest, *, batched: bool
) -> tuple[str, Call, list[np.ndarray]]:
    """Check `request` against its signature.

    Returns:
      The effective signature's name, the call, and the arrays to feed.

    Raises:
      ServingError: the request does not fit the signature; with TensorFlow Serving's code.
    """
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    feeds, arrays = _inputs(signature, request.inputs)
    key = (name, tuple(sorted(request.output_filter)), batched)
    return name, servable.calls.get(key) or _new_call(servable, key, feeds), arrays


def respond(
    servable: Servable, request: PredictRequest, name: str, call: Call, results: Sequence[np.ndarray]
) -> PredictResponse:
    """Make the answer to `request` from the results of its call.

    Raises:
      ServingError: UNIMPLEMENTED, an output of a type that has no plain field.
    """
    response = PredictResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.signature_name = name
    response.model_spec.version.value = servable.version
    wanted = request.output_filter or call.aliases
    # A batched call may fetch `lengths` in addition.
    for alias, result in zip(call.aliases, results, strict=False):
        if alias in wanted:
            fill_proto(response.outputs[alias], np.asarray(result))
    return response


def _new_call(servable: Servable, key: CallKey, feeds: tuple[str, ...]) -> Call:
    """Make and keep the call for `key`; after many filters of a signature take the call for all outputs."""
    name, output_filter, batched = key
    signature = servable.signatures[name]
    aliases = _outputs(signature, output_filter)
    filters = [kept for kept in list(servable.calls) if kept[0] == name and kept[1]]
    if output_filter and len(filters) >= _MOST_FILTERS:
        key = (name, (), batched)
        return servable.calls.get(key) or _new_call(servable, key, feeds)
    return servable.calls.setdefault(key, call_of(signature, feeds, aliases, batched=batched))


def _inputs(
    signature: SignatureDef, sent: Mapping[str, TensorProto]
) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """Return the feed names and their arrays, in one order."""
    feeds, arrays, used = [], [], 0
    for alias, info in sorted(signature.inputs.items()):
        if alias in sent:
            proto = sent[alias]
            used += 1
        elif alias in signature.defaults:
            proto = signature.defaults[alias]
        else:
            raise _mismatch(signature, sent)
        _require_declared(alias, info, proto)
        try:
            arrays.append(to_array(proto))
        except UnreadableTensor as error:
            raise invalid(f"tensor parsing error: {alias}: {error}") from error
        feeds.append(info.name)
    if used < len(sent):
        raise _mismatch(signature, sent)
    return tuple(feeds), arrays


def _require_declared(alias: str, info: TensorInfo, proto: TensorProto) -> None:
    """Refuse a type or a shape that the signature does not declare, before it can reach a batch of others."""
    if proto.dtype != info.dtype:
        raise invalid(
            f"input {alias}: expected the type {type_name(info.dtype)}; found {type_name(proto.dtype)}"
        )
    if info.tensor_shape.unknown_rank:
        return
    declared = [dim.size for dim in info.tensor_shape.dim]
    sent = [dim.size for dim in proto.tensor_shape.dim]
    if len(sent) != len(declared) or any(
        size not in (-1, own) for size, own in zip(declared, sent, strict=True)
    ):
        raise invalid(f"input {alias}: expected the shape {_open_shape(declared)}; found {sent}")


def _open_shape(sizes: Sequence[int]) -> str:
    return f"[{', '.join('?' if size == -1 else str(size) for size in sizes)}]"


def _mismatch(signature: SignatureDef, sent: Mapping[str, TensorProto]) -> ServingError:
    declared = signature.inputs
    unknown = sent.keys() - declared.keys()
    missing = declared.keys() - sent.keys() - signature.defaults.keys()
    return invalid(
        f"inputs do not match the signature: sent {_braces(sent)}, declared {_braces(declared)}, "
        f"unknown {_braces(unknown)}, missing {_braces(missing)}"
    )


def _outputs(signature: SignatureDef, output_filter: Sequence[str]) -> tuple[str, ...]:
    """Return the aliases to answer, sorted: those of the filter, or all."""
    if unknown := set(output_filter) - signature.outputs.keys():
        raise invalid(
            f"the signature has no outputs {_braces(unknown)}: expected some of {_braces(signature.outputs)}"
        )
    if len(set(output_filter)) < len(output_filter):
        raise invalid(f"output_filter names an output twice: {', '.join(output_filter)}")
    return tuple(sorted(output_filter or signature.outputs))


def _braces(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
