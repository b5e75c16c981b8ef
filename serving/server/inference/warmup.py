"""First calls, made before a version becomes available, so that no client waits for them.

The first runs of a graph build its executors and caches, which would otherwise slow down requests at every
change of version. The calls are those recorded with the model; the signatures of a tagger that no record
covers are called with a built-in sentence.
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

from serving.server.graph.servable import DEFAULT_SIGNATURE, Servable
from serving.server.inference.predict import run
from serving.server.wire.errors import Code, ServingError, invalid

_LOG = logging.getLogger(__name__)
_CALLS = 3
_WORDS = ("Warm", "up", "calls", "come", "first", ".")
_RECORDS = Path("assets.extra", "tf_serving_warmup_requests")
_MOST_RECORDS = 1000
# Records that TensorFlow Serving replays, of calls that this server does not answer.
_SKIPPED = ("classify_log", "regress_log", "multi_inference_log")

Report = Callable[[str, str, float], None]


def load(
    name: str,
    version: int,
    path: Path,
    *,
    warm_up: bool = True,
    iterations: int = 1,
    report: Report = lambda path, status, seconds: None,
) -> Servable:
    """Load a version and warm it up.

    Args:
      name: the model's.
      version: its number.
      path: its folder.
      warm_up: make first calls.
      iterations: how often each recorded request is sent.
      report: called with the folder, the name of the status and the seconds after recorded requests were
        sent.

    Raises:
      ServingError: it cannot be loaded, or a recorded warm-up request fails.
    """
    servable = Servable(name, version, path)
    try:
        if warm_up:
            _call_tagger(servable, skip=_replay(servable, iterations, report))
    except BaseException:
        servable.close_when_unused()
        raise
    return servable


def _replay(servable: Servable, iterations: int, report: Report) -> set[str]:
    """Send the requests recorded with the model and return their signatures; a failure is final."""
    file = servable.path / _RECORDS
    if not file.is_file():
        return set()
    called: set[str] = set()
    began, status = time.perf_counter(), Code.UNKNOWN
    try:
        count = _send_all(servable, file, iterations, called)
        status = Code.OK
    except ServingError as error:
        status = error.code
        raise
    finally:
        report(str(servable.path), status.name, time.perf_counter() - began)
    _LOG.info("Finished warming %s version %d up with %d records", servable.name, servable.version, count)
    return called


def _send_all(servable: Servable, file: Path, iterations: int, called: set[str]) -> int:
    count = 0
    skipped: set[str] = set()
    try:
        for count, record in enumerate(tf.compat.v1.io.tf_record_iterator(str(file)), start=1):
            if count > _MOST_RECORDS:
                raise invalid(f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {file}")
            log = PredictionLog.FromString(record)
            kind = log.WhichOneof("log_type")
            if kind == "predict_log":
                request = log.predict_log.request
                for _ in range(iterations):
                    run(servable, request)
                called.add(request.model_spec.signature_name or DEFAULT_SIGNATURE)
            elif kind in _SKIPPED:
                skipped.add(kind)
            elif kind is not None:
                raise ServingError(Code.UNIMPLEMENTED, f"Unsupported kind of warm-up record: {kind}")
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{error.message} Please verify your warmup data is in TFRecord format."
        ) from error
    except DecodeError as error:
        raise invalid(f"Failed to parse warmup record: {count} from {file}") from error
    for kind in sorted(skipped):
        _LOG.warning("%s: records of kind %s are skipped: this server answers Predict only", file, kind)
    return count


def _call_tagger(servable: Servable, *, skip: set[str]) -> None:
    """Call a tagger's signatures but `skip`; log failures, since another model may use the names too."""
    for signature in ("decode_text", "decode"):
        request = None if signature in skip else _request(servable, signature)
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
    """Build a request for one sentence; None for a signature that takes none."""
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
