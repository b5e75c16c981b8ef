"""The outputs that a request asks for, however many ways of asking a client tries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server.graph.servable import Servable
from serving.server.inference.predict import prepare, run

pytestmark = pytest.mark.embedded
OUTPUTS = ("confidence", "ends", "lengths", "score", "starts", "tags", "tokens")


@pytest.fixture
def servable(exported: dict[str, Path]) -> Iterator[Servable]:
    loaded = Servable("tagger", 1, exported["PER"])
    yield loaded
    loaded.close_when_unused()


def filtered(outputs: Sequence[str]) -> PredictRequest:
    request = PredictRequest(output_filter=outputs)
    request.model_spec.signature_name = "decode_text"
    request.inputs["text"].CopyFrom(tf.make_tensor_proto(["Anna"]))
    return request


@pytest.mark.parametrize("batched", [False, True])
def test_the_order_of_a_filter_makes_no_other_call(servable, batched):
    calls = {prepare(servable, filtered(order), batched=batched)[1] for order in permutations(OUTPUTS[:4])}
    assert len(calls) == 1


def test_many_filters_make_few_calls_and_each_gets_its_outputs(servable):
    full = run(servable, filtered(()))
    for size in range(1, len(OUTPUTS) + 1):
        for outputs in combinations(OUTPUTS, size):
            answer = run(servable, filtered(outputs))
            assert dict(answer.outputs) == {alias: full.outputs[alias] for alias in outputs}
    assert len(servable.calls) == 9, "one without a filter, eight with"
