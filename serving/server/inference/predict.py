"""Predict: a request checked against its signature, run, and answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.calls import Call, call_of
from serving.server.graph.servable import DEFAULT_SIGNATURE, Servable
from serving.server.graph.tensors import UnreadableTensor, fill_proto, to_array


def run(servable: Servable, request: PredictRequest) -> PredictResponse:
    """Answers `request` by `servable` at once, whatever model the request names: for warming up.

    Raises:
      ServingError: with TensorFlow Serving's code and text.
    """
    name, call, arrays = prepare(servable, request, batched=False)
    return respond(servable, request, name, call, servable.session.run(call.feeds, call.fetches, arrays))


def prepare(
    servable: Servable, request: PredictRequest, *, batched: bool
) -> tuple[str, Call, list[np.ndarray]]:
    """The effective signature's name, what to feed and to fetch, and the arrays to feed.

    Raises:
      ServingError: the request does not fit the signature, in TensorFlow Serving's code and text.
    """
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    feeds, arrays = _inputs(signature, request.inputs)
    wanted = tuple(request.output_filter)
    call = servable.calls.get((name, feeds, wanted, batched))
    if call is None:
        call = call_of(signature, feeds, _outputs(signature, wanted), batched=batched)
        servable.calls[name, feeds, wanted, batched] = call
    return name, call, arrays


def respond(
    servable: Servable, request: PredictRequest, name: str, call: Call, results: Sequence[np.ndarray]
) -> PredictResponse:
    """The answer to `request`, from what its call fetched.

    Raises:
      ServingError: UNIMPLEMENTED, an output of a type that has no plain field.
    """
    response = PredictResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.signature_name = name
    response.model_spec.version.value = servable.version
    # A batch may have fetched more than was asked for.
    for alias, result in zip(call.aliases, results, strict=False):
        fill_proto(response.outputs[alias], np.asarray(result))
    return response


def _inputs(
    signature: SignatureDef, sent: Mapping[str, TensorProto]
) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """The feed names and their arrays, in one order."""
    declared, defaults = signature.inputs, signature.defaults
    if len(sent) > len(declared) or (len(sent) < len(declared) and not defaults):
        extra, missing = sent.keys() - declared.keys(), declared.keys() - sent.keys()
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(declared)} "
            f"len({_braces(sent)}) != len({_braces(declared)}). "
            f"Sent extra: {_braces(extra)}. Missing but required: {_braces(missing)}."
        )
    feeds, arrays, used = [], [], []
    for alias, info in sorted(declared.items()):
        if alias in sent:
            used.append(alias)
            proto = sent[alias]
        elif alias in defaults:
            proto = defaults[alias]
        else:
            raise invalid(
                f"Signature input alias: {alias}(feed name: {info.name}) not found in request and no default "
                f"value provided. Inputs expected to be in the request {_braces(sent)}, or default input "
                f"alias set: {','.join(sorted(defaults))}"
            )
        try:
            arrays.append(to_array(proto))
        except UnreadableTensor as error:
            raise invalid(f"tensor parsing error: {alias}") from error
        feeds.append(info.name)
    if sent and len(used) != len(sent):
        raise invalid(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(used))}, "
            f"request input: {','.join(sorted(sent))}"
        )
    return tuple(feeds), arrays


def _outputs(signature: SignatureDef, wanted: Iterable[str]) -> tuple[str, ...]:
    """The aliases to answer: those asked for, in their order, or all."""
    aliases: list[str] = []
    for alias in wanted:
        if alias not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {_braces(signature.outputs)}."
            )
        if alias in aliases:
            raise invalid(f"duplicate output tensor alias: {alias}")
        aliases.append(alias)
    return tuple(aliases) or tuple(sorted(signature.outputs))


def _braces(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
