"""Warm-up requests recorded with a model, which a server runs on each version before it serves it.

The first runs of a signature build its executors and caches, and each new shape costs once more. The format
is TensorFlow Serving's: a TFRecord of `PredictionLog` in `assets.extra/tf_serving_warmup_requests`. The same
model gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

FILE = "tf_serving_warmup_requests"

# Sentences of common lengths, alone and as one batch; their words make no difference to a graph.
_CLAUSE = ("Anna", "Berg", "of", "Acme", "Corp.", "met", "the", "2", "guests", "in", "Oslo", ",")
_LENGTHS = (5, 12, 20, 40)
_BATCH = (4, 7, 9, 12, 15, 20, 28, 40)

# Used by the evaluation of a trained model, not by clients.
_UNSERVED = ("evaluate",)

_Batch = Sequence[Sequence[str]]


def write(functions: Mapping[str, Any], directory: str) -> None:
    """Write the requests into `directory`/assets.extra, which must exist.

    Args:
        functions: the model's tf.functions by signature name, each of one string input called `examples`,
            `text` or `tokens`.
        directory: of the SavedModel.
    """
    path = os.path.join(directory, "assets.extra", FILE)
    with tf.io.TFRecordWriter(path) as writer:
        for log in requests(functions):
            # A protobuf map has no order of its own.
            writer.write(log.SerializeToString(deterministic=True))


def requests(functions: Mapping[str, Any]) -> Iterator[PredictionLog]:
    """Make the requests for each served signature: single sentences, and a batch of eight."""
    batches: list[_Batch] = [
        *([_sentence(length)] for length in _LENGTHS),
        [_sentence(length) for length in _BATCH],
    ]
    for name in sorted(functions.keys() - set(_UNSERVED)):
        (spec,) = functions[name].input_signature
        for batch in batches:
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = name
            request.inputs[spec.name].CopyFrom(tf.make_tensor_proto(_INPUTS[spec.name](batch)))
            yield log


def _sentence(length: int) -> list[str]:
    return [_CLAUSE[position % len(_CLAUSE)] for position in range(length)]


def _texts(batch: _Batch) -> list[bytes]:
    return [" ".join(sentence).encode() for sentence in batch]


def _examples(batch: _Batch) -> list[bytes]:
    return [_example(sentence) for sentence in batch]


def _example(sentence: Sequence[str]) -> bytes:
    example = tf.train.Example()
    example.features.feature["tokens"].bytes_list.value.extend(word.encode() for word in sentence)
    return example.SerializeToString(deterministic=True)


def _grid(batch: _Batch) -> list[list[bytes]]:
    """Pad the sentences to a grid [B,T], "" after the end of a sentence."""
    width = max(map(len, batch))
    return [[word.encode() for word in (*sentence, *[""] * (width - len(sentence)))] for sentence in batch]


_INPUTS: dict[str, Callable[[_Batch], object]] = {"examples": _examples, "text": _texts, "tokens": _grid}
