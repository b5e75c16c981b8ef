"""tf.Examples, changed, to the exported signatures as a server runs them: answered in full, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server.graph.servable import Servable
from serving.server.inference.predict import run
from serving.server.wire.errors import Code, ServingError
from tests.faults.conftest import Faults
from tests.faults.fuzzing.bounds import bounded, refused
from tests.faults.fuzzing.mutations import mutated

TAKING_EXAMPLES = ("decode", "decode_nbest", "evaluate")


def _example(**features: tf.train.Feature) -> bytes:
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _bytes(values: list[bytes]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


TOKENS = st.lists(
    st.one_of(st.binary(max_size=12), st.sampled_from([b"", b"Anna", b"\0", b"x" * 3000])), max_size=8
)
# With the number of tokens where it is certain: TensorFlow reads some messages that protobuf does not.
VALID = TOKENS.map(lambda tokens: (_example(tokens=_bytes(tokens)), len(tokens)))
OTHERS = st.sampled_from(
    [
        b"",
        _example(other=_bytes([b"Anna"])),
        _example(tokens=tf.train.Feature()),
        _example(tokens=tf.train.Feature(int64_list=tf.train.Int64List(value=[1, 2]))),
        _example(tokens=tf.train.Feature(float_list=tf.train.FloatList(value=[0.5]))),
    ]
)
CHANGED = mutated(_example(tokens=_bytes([b"Anna", b"sings"]), tags=_bytes([b"B-PER", b"O"])))


def _unknown(example: bytes) -> tuple[bytes, None]:
    return example, None


ANY = st.one_of(VALID, st.one_of(OTHERS, CHANGED, st.binary(max_size=20)).map(_unknown))


@pytest.fixture(scope="module")
def servable(exported_tagger: Path) -> Servable:
    return Servable("tagger", 1, exported_tagger)


def _answered(servable: Servable, signature: str, examples: list[bytes]) -> dict[str, np.ndarray]:
    request = PredictRequest()
    request.model_spec.signature_name = signature
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto(examples))
    return {name: tf.make_ndarray(output) for name, output in run(servable, request).outputs.items()}


@pytest.mark.parametrize("name", TAKING_EXAMPLES)
@bounded(150)
@given(
    examples=st.lists(
        ANY,
        min_size=1,
        max_size=4,
    )
)
def test_examples_are_answered_or_refused(
    servable: Servable, name: str, faults: Faults, examples: list[tuple[bytes, int | None]]
) -> None:
    with faults.tried(), refused(ServingError, lambda error: error.code is Code.INVALID_ARGUMENT):
        answer = _answered(servable, name, [example for example, _ in examples])
        for row, (_, expected) in enumerate(examples):
            length = answer["lengths"][row]
            assert expected in (None, length)
            tags = answer["tags"][row]
            assert all(tags[..., :length].ravel())
            assert not any(tags[..., length:].ravel())
        assert all(np.isfinite(value).all() for value in answer.values() if value.dtype == np.float32)
