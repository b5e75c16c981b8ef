"""What an exported model refuses, asked with TensorFlow alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tagging.limits import Limits, limits_of
from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.export import limits, saved_model
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, tiny_model: BiLstmCrf, vocabulary: Vocabulary) -> Path:
    path = tmp_path_factory.mktemp("exported")
    saved_model.export(tiny_model, vocabulary, BIOES, directory=str(path), n_best=SMALL.n_best, extra={})
    return path


@pytest.fixture(scope="module")
def model(exported: Path) -> Any:
    return tf.saved_model.load(str(exported))


def _examples(*lengths: int) -> tf.Tensor:
    def example(length: int) -> bytes:
        message = tf.train.Example()
        message.features.feature["tokens"].bytes_list.value.extend([b"a"] * length)
        return message.SerializeToString()

    return tf.constant([example(length) for length in lengths])


def _texts(*lengths: int) -> tf.Tensor:
    return tf.constant(["!" * length for length in lengths])


TOO_MANY = {
    "decode": (_examples(*[0] * 16_385), "expected at most 16384 sentences in a request"),
    "decode_nbest": (_examples(16_385), "expected at most 16384 tokens in a sentence"),
    "evaluate": (_examples(*[0] * 300, 16_000), "expected at most 4194304 sentences times tokens"),
    "decode_text": (_texts(*[0] * 110, 16_000), "expected at most 1677721 sentences times tokens"),
    "explain": (_texts((4 << 20) + 1), "expected at most 4194304 bytes in a request"),
    "decode_tokens": (tf.fill([230, 16_000], ""), "expected at most 3595117 sentences times tokens"),
}


@pytest.mark.parametrize("signature", TOO_MANY)
def test_a_request_beyond_a_limit_is_refused(model: Any, signature: str) -> None:
    request, message = TOO_MANY[signature]
    (name,) = model.signatures[signature].structured_input_signature[1]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        model.signatures[signature](**{name: request})


def test_more_tokens_than_all_sentences_may_have() -> None:
    few = limits_of(3, 5)
    few = Limits(tokens=5, padded_tokens=few.padded_tokens)
    sentences = limits.Sentences(tf.fill([6], "a"), tf.constant([3, 3]))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"expected at most 5 tokens in a request; found.*6"
    ):
        limits.checked_sentences(sentences, few, "decode")


def test_a_request_at_the_limits_is_answered(model: Any) -> None:
    answer = model.signatures["decode_text"](text=_texts(16_384))
    assert answer["lengths"].numpy().tolist() == [16_384]
    answer = model.signatures["evaluate"](examples=_examples(*[0] * 16_384))
    assert answer["lengths"].shape == [16_384]


def test_the_limits_are_recorded(exported: Path, model: Any) -> None:
    recorded = json.loads((exported / "assets.extra" / limits.FILE_NAME).read_text())
    assert recorded["padded_tokens"].keys() == model.signatures.keys() - {"serving_default"}
    assert recorded["sentences"] == 16_384
