"""First calls, made before a version is visible, so that no caller pays for them.

The first runs of a graph build its executors and its caches, which would otherwise fall into the middle of the
traffic at every change of version. The calls are those recorded with the model; a tagger that was exported
without a record gets calls made up here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.servable import DEFAULT_SIGNATURE, Servable
from serving.server.inference import scoring
from serving.server.inference.predict import run

_LOG = logging.getLogger(__name__)
_CALLS = 3
_WORDS = ("Warm", "up", "calls", "come", "first", ".")
_RECORDS = Path("assets.extra", "tf_serving_warmup_requests")
_MOST_RECORDS = 1000


Tell = Callable[[str, str, float], None]


def load(
    name: str,
    version: int,
    path: Path,
    *,
    warm_up: bool = True,
    iterations: int = 1,
    tell: Tell = lambda path, status, seconds: None,
) -> Servable:
    """Loads a version and warms it up.

    Args:
      name: the model's.
      version: its number.
      path: its folder.
      warm_up: whether first calls are made at all.
      iterations: how often each recorded request is sent.
      tell: told the folder, the name of the status and the seconds after recorded requests were sent.

    Raises:
      ServingError: it cannot be loaded, or a recorded warm-up request fails.
    """
    servable = Servable(name, version, path)
    try:
        if warm_up:
            _try_decoding(servable, but=_replay(servable, iterations, tell))
    except BaseException:
        servable.close_when_unused()
        raise
    return servable


def _replay(servable: Servable, iterations: int, tell: Tell) -> set[str]:
    """Sends the requests that were stored with the model; as in TensorFlow Serving any failure is final.

    Gives the signatures called.
    """
    called: set[str] = set()
    file = servable.path / _RECORDS
    if not file.is_file():
        return called
    began, status = time.perf_counter(), Code.UNKNOWN.name
    try:
        count = _send_all(servable, file, iterations, called)
        status = Code.OK.name
    except ServingError as error:
        status = error.code.name
        raise
    finally:
        tell(str(servable.path), status, time.perf_counter() - began)
    _LOG.info("Finished warming %s version %d up with %d records", servable.name, servable.version, count)
    return called


def _send_all(servable: Servable, file: Path, iterations: int, called: set[str]) -> int:
    count = 0
    try:
        for count, record in enumerate(tf.compat.v1.io.tf_record_iterator(str(file)), start=1):
            if count > _MOST_RECORDS:
                raise invalid(f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {file}")
            log = PredictionLog.FromString(record)
            for _ in range(iterations):
                _send(servable, log)
            if log.HasField("predict_log"):
                called.add(log.predict_log.request.model_spec.signature_name or DEFAULT_SIGNATURE)
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{error.message} Please verify your warmup data is in TFRecord format."
        ) from error
    except DecodeError as error:
        raise invalid(f"Failed to parse warmup record: {count} from {file}") from error
    return count


def _send(servable: Servable, log: PredictionLog) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        run(servable, log.predict_log.request)
    elif kind in ("classify_log", "regress_log", "multi_inference_log"):
        request = getattr(log, kind).request
        if kind == "classify_log":
            call = scoring.classify_call(servable, request.model_spec)
        elif kind == "regress_log":
            call = scoring.regress_call(servable, request.model_spec)
        else:
            call, _ = scoring.multi_inference_call(servable, request)
        servable.session.run(call.feeds, call.fetches, [scoring.examples_of(request.input)])
    elif kind is not None:
        number = log.DESCRIPTOR.fields_by_name[kind].number
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {number}")


def _try_decoding(servable: Servable, *, but: set[str]) -> None:
    """Calls the tagger's own signatures. A foreign model may mean something else by them: never final."""
    for signature in ("decode_text", "decode"):
        request = None if signature in but else _request(servable, signature)
        if request is None:
            continue
        try:
            for _ in range(_CALLS):
                run(servable, request)
        except ServingError as error:
            _LOG.warning(
                "%s version %d is not warm: signature %s answered %s: %s",
                servable.name,
                servable.version,
                signature,
                error.code.name,
                error.message,
            )


def _request(servable: Servable, signature: str) -> PredictRequest | None:
    definition = servable.signatures.get(signature)
    if definition is None or len(definition.inputs) != 1:
        return None
    ((alias, info),) = definition.inputs.items()
    sentence = {"text": " ".join(_WORDS).encode(), "examples": _example()}.get(alias)
    if sentence is None or info.dtype != types_pb2.DT_STRING:
        return None
    request = PredictRequest()
    request.model_spec.signature_name = signature
    tensor = request.inputs[alias]
    tensor.dtype = types_pb2.DT_STRING
    tensor.tensor_shape.dim.add(size=1)
    tensor.string_val.append(sentence)
    return request


def _example() -> bytes:
    example = tf.train.Example()
    example.features.feature["tokens"].bytes_list.value.extend(word.encode() for word in _WORDS)
    return example.SerializeToString()
