"""A training that runs out of memory: by a tensor that no machine has room for, asked for where a batch is large."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.encoder import Inputs
from trainer.training import loop
from trainer.training.history import History
from trainer.training.out_of_memory import OutOfMemory, Parts

# Without dropout, whose masks are others in parts.
CALM = msgspec.structs.replace(
    SMALL, epochs=2, input_dropout=0.0, output_dropout=0.0, byte_dropout=0.0, singleton_dropout=0.0
)
TOO_MUCH = 1 << 46  # float32 values: 256 TiB


class _Hungry(BiLstmCrf):
    """Has room for so many sentences at a time."""

    room = 100

    def log_likelihood(self, inputs: Inputs, labels: tf.Tensor, *, seed: tf.Tensor) -> tf.Tensor:
        room = tf.numpy_function(lambda: self.room, [], tf.int64)
        sentences = tf.shape(inputs.lengths, out_type=tf.int64)[0]
        wanted = tf.where(sentences > room, tf.constant(TOO_MUCH, tf.int64), tf.constant(1, tf.int64))
        ballast = tf.zeros(tf.reshape(wanted, [1]))
        return super().log_likelihood(inputs, labels, seed=seed) + ballast[0]


def _train(
    sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    directory: Path,
    *,
    room: int,
    tell: Callable[[History], None] = lambda _: None,
) -> History:
    _Hungry.room = room
    return loop.train(
        build=lambda: _Hungry(CALM, vocabulary, BIOES),
        train_sentences=sentences,
        dev_sentences=sentences,
        vocabulary=vocabulary,
        scheme=BIOES,
        hyperparameters=CALM,
        strategy=tf.distribute.get_strategy(),
        checkpoint_dir=str(directory),
        tell=tell,
    )[1]


def _losses(history: History) -> list[float]:
    return [epoch.loss for epoch in history.epochs]


@pytest.fixture(scope="module")
def whole(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory
) -> History:
    return _train(tiny_sentences, vocabulary, tmp_path_factory.mktemp("whole"), room=100)


def test_a_batch_that_does_not_fit_is_trained_on_in_parts_to_the_same_end(
    whole: History,
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "tagline.trainer"):
        history = _train(tiny_sentences, vocabulary, tmp_path, room=2)
    assert [epoch.parts for epoch in whole.epochs] == [1, 1]
    assert [epoch.parts for epoch in history.epochs] == [2, 2]
    assert _losses(history) == pytest.approx(_losses(whole), rel=1e-4)
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "tagline.trainer"]
    assert warning.startswith("out of memory: going back to the last epoch, each batch of 4 now in 2 parts")
    assert f"OOM when allocating tensor with shape[{TOO_MUCH}]" in warning


@pytest.mark.slow
def test_an_epoch_that_runs_out_of_memory_begins_again_from_the_checkpoint(
    whole: History, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    def tell(history: History) -> None:
        if len(history.epochs) == 1:
            _Hungry.room = 2

    history = _train(tiny_sentences, vocabulary, tmp_path, room=100, tell=tell)
    assert [epoch.parts for epoch in history.epochs] == [1, 2]
    assert _losses(history) == pytest.approx(_losses(whole), rel=1e-4)
    assert Parts(str(tmp_path), most=4).number == 2, "who goes on begins in as many parts"


@pytest.mark.slow
def test_a_sentence_that_does_not_fit_alone_is_an_error_that_says_what_to_do(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    with pytest.raises(
        OutOfMemory, match=r"a single sentence does not fit into memory \(OOM when .*lstm_units.*kept\)"
    ):
        _train(tiny_sentences, vocabulary, tmp_path, room=0)


def test_parts_double_up_to_one_sentence_each_and_are_kept(tmp_path: Path) -> None:
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
    parts = Parts(str(tmp_path), most=5)
    found = [parts.number]
    for _ in range(3):
        parts.double(error)
        found.append(parts.number)
    assert found == [1, 2, 4, 5]
    assert Parts(str(tmp_path), most=5).number == 5
    with pytest.raises(OutOfMemory, match="OOM when allocating"):
        parts.double(error)
