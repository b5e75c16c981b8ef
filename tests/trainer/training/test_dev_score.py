"""Predictions of a model with memory for few sentences at a time; the oracle is the same model with enough."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches as inputs
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.dev_score import predictor
from trainer.training.out_of_memory import OutOfMemory, ShrinkingBatches

TOO_MUCH = 1 << 46  # float32 values: 256 TiB


class _Hungry(BiLstmCrf):
    """Has memory for `room` sentences at a time: for more, an operation beside its loops fails."""

    room = 100
    # Whether it fails by an allocation, which takes TensorFlow ten seconds, or by raising at once.
    allocates = False

    def predict(self, inputs: Inputs, *, fused: bool = False) -> tf.Tensor:
        wanted = tf.numpy_function(self._wanted, [tf.shape(inputs.lengths)[0]], tf.int64, stateful=True)
        ballast = tf.zeros(tf.reshape(wanted, [1]), tf.int32)
        return super().predict(inputs, fused=fused) + ballast[0]

    def _wanted(self, sentences: np.int32) -> np.int64:
        if sentences <= self.room:
            return np.int64(1)
        if not self.allocates:
            raise MemoryError("OOM when allocating")
        return np.int64(TOO_MUCH)


@pytest.fixture
def hungry(vocabulary: Vocabulary) -> _Hungry:
    """With transitions that matter."""
    model = _Hungry(SMALL, vocabulary, BIOES)
    for seed, variable in enumerate((model.transitions, model.start, model.end)):
        variable.assign(tf.random.stateless_normal(variable.shape, [seed, 7]))
    return model


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "tagline.trainer"]


def test_a_batch_that_does_not_fit_is_predicted_in_smaller_ones_from_then_on(
    tiny_sentences: tf.data.Dataset,
    hungry: _Hungry,
    vocabulary: Vocabulary,
    caplog: pytest.LogCaptureFixture,
) -> None:
    batches = inputs.ordered_batches(tiny_sentences, batch_size=8)
    predict = predictor(hungry, vocabulary)
    expected = predict(batches)
    hungry.room = 1
    with caplog.at_level(logging.WARNING, "tagline.trainer"):
        found = predict(batches)
        again = predict(batches)
    assert found == again == expected
    assert found.score(BIOES) == expected.score(BIOES)
    warnings = _warnings(caplog)
    largest = max(int(batch.lengths.shape[0]) for batch in batches)
    assert largest >= 4
    # Each size is refused once, and none a second time.
    assert len(warnings) == len(set(warnings)) > 0
    assert all(line.endswith("MemoryError: OOM when allocating)") for line in warnings)
    assert all("sentences of dev at once are too many, from now on" in line for line in warnings)
    assert "from now on 1 (" in warnings[-1]


@pytest.mark.slow
def test_so_is_one_whose_allocation_fails(
    tiny_sentences: tf.data.Dataset,
    hungry: _Hungry,
    vocabulary: Vocabulary,
    caplog: pytest.LogCaptureFixture,
) -> None:
    batches = inputs.ordered_batches(tiny_sentences, batch_size=8)
    predict = predictor(hungry, vocabulary)
    expected = predict(batches)
    largest = max(int(batch.lengths.shape[0]) for batch in batches)
    hungry.allocates, hungry.room = True, largest - 1
    with caplog.at_level(logging.WARNING, "tagline.trainer"):
        assert predict(batches) == expected
    (warning,) = _warnings(caplog)
    assert warning.startswith(f"out of memory: {largest} sentences of dev at once are too many, from now on ")
    assert f"(OOM when allocating tensor with shape[{TOO_MUCH}]" in warning


def test_a_sentence_that_does_not_fit_alone_is_an_error_that_says_what_to_do(
    tiny_sentences: tf.data.Dataset, hungry: _Hungry, vocabulary: Vocabulary
) -> None:
    hungry.room = 0
    predict = predictor(hungry, vocabulary)
    with pytest.raises(
        OutOfMemory, match=r"single sentence .*OOM when .*of the dev split.*lstm_units.*kept\)"
    ):
        predict(inputs.ordered_batches(tiny_sentences, batch_size=8))


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 9])
def test_batches_are_halved_until_they_fit_and_results_come_in_order(rows: int) -> None:
    sizes: list[int] = []

    def double(numbers: tf.Tensor) -> tf.Tensor:
        sizes.append(int(numbers.shape[0]))
        if sizes[-1] > 2:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
        return 2 * numbers

    shrinking = ShrinkingBatches(double, split="dev")
    assert shrinking(tf.range(rows)).tolist() == list(range(0, 2 * rows, 2))
    assert shrinking.most == {0: None, 1: None, 2: None, 5: 2, 9: 2}[rows]
    sizes.clear()
    shrinking(tf.range(9 if rows > 2 else 2))
    assert max(sizes) <= 2, "what did not fit once is not tried again"
