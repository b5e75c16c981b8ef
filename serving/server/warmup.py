"""First calls, made before a version is visible, so that no caller pays for them.

The first runs of a graph build its executors and its caches: 0.1-0.3 s that would otherwise fall into the
middle of the traffic at every change of version.
"""

from __future__ import annotations

import logging
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.server.errors import Code, ServingError
from serving.server.predict import run
from serving.server.servable import Servable

_LOG = logging.getLogger(__name__)
_CALLS = 3
_WORDS = ("Warm", "up", "calls", "come", "first", ".")
_RECORDS = Path("assets.extra", "tf_serving_warmup_requests")
_MOST_RECORDS = 1000


def load(name: str, version: int, path: Path) -> Servable:
    """Loads a version and warms it up.

    Raises:
      ServingError: it cannot be loaded, or a recorded warm-up request fails.
    """
    servable = Servable(name, version, path)
    try:
        _replay(servable)
        _try_decoding(servable)
    except BaseException:
        servable.close_when_unused()
        raise
    return servable


def _replay(servable: Servable) -> None:
    """Sends the requests that were stored with the model; as in TensorFlow Serving any failure is final."""
    file = servable.path / _RECORDS
    if not file.is_file():
        return
    count = 0
    try:
        for count, record in enumerate(tf.compat.v1.io.tf_record_iterator(str(file)), start=1):
            if count > _MOST_RECORDS:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {file}",
                )
            log = PredictionLog.FromString(record)
            kind = log.WhichOneof("log_type")
            if kind != "predict_log":
                raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
            run(servable, log.predict_log.request)
    except tf.errors.DataLossError as error:
        raise ServingError(
            Code.DATA_LOSS, f"{error.message} Please verify your warmup data is in TFRecord format."
        ) from error
    _LOG.info("Finished warming %s version %d up with %d records", servable.name, servable.version, count)


def _try_decoding(servable: Servable) -> None:
    """Calls the tagger's own signatures. A foreign model may mean something else by them: never final."""
    for signature in ("decode_text", "decode"):
        request = _request(servable, signature)
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
