"""Trainings that run out of memory: a large batch allocates a tensor that no machine has room for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.tiny_training import NO_DROPOUT, Killed, kill_after_saves, train
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.history import History
from trainer.training.out_of_memory import OutOfMemory, Parts

HP = msgspec.structs.replace(NO_DROPOUT, epochs=2)
TOO_MUCH = 1 << 46  # float32 values: 256 TiB


class _Hungry(BiLstmCrf):
    """Has memory for `room` sentences at a time."""

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
    hp: Hyperparameters = HP,
    report: Callable[[History], None] = lambda _: None,
) -> History:
    _Hungry.room = room
    build = lambda: _Hungry(hp, vocabulary, BIOES)  # noqa: E731
    return train(sentences, vocabulary, directory, hp, build=build, report=report)[1]


def _losses(history: History) -> list[float]:
    return [epoch.loss for epoch in history.epochs]


@pytest.fixture(scope="module")
def unsplit(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory
) -> History:
    return _train(tiny_sentences, vocabulary, tmp_path_factory.mktemp("unsplit"), room=100)


def test_a_batch_that_does_not_fit_is_trained_on_in_parts_to_the_same_end(
    unsplit: History,
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "tagline.trainer"):
        history = _train(tiny_sentences, vocabulary, tmp_path, room=2)
    assert [epoch.parts for epoch in unsplit.epochs] == [1, 1]
    assert [epoch.parts for epoch in history.epochs] == [2, 2]
    assert _losses(history) == pytest.approx(_losses(unsplit), rel=1e-4)
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "tagline.trainer"]
    assert warning.startswith("out of memory: going back to the last epoch, each batch of 4 now in 2 parts")
    assert f"OOM when allocating tensor with shape[{TOO_MUCH}]" in warning


@pytest.mark.slow
def test_an_epoch_that_runs_out_of_memory_begins_again_from_the_checkpoint(
    unsplit: History, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    def report(history: History) -> None:
        if len(history.epochs) == 1:
            _Hungry.room = 2

    history = _train(tiny_sentences, vocabulary, tmp_path, room=100, report=report)
    assert [epoch.parts for epoch in history.epochs] == [1, 2]
    assert _losses(history) == pytest.approx(_losses(unsplit), rel=1e-4)
    assert Parts(str(tmp_path), most=4).number == 2, "a resumed training begins with as many parts"


@pytest.mark.slow
def test_a_resumed_training_with_other_batches_counts_its_own_steps_after_running_out_of_memory(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = msgspec.structs.replace(HP, batch_size=10)
    with monkeypatch.context() as patch:
        kill_after_saves(patch, 1)
        with pytest.raises(Killed):
            _train(tiny_sentences, vocabulary, tmp_path, room=100, hp=large)
    history = _train(tiny_sentences, vocabulary, tmp_path, room=2)
    assert [epoch.parts for epoch in history.epochs] == [1, 2]
    assert history.epochs[-1].learning_rate == 0


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
    numbers = [parts.number]
    for _ in range(3):
        parts.double(error)
        numbers.append(parts.number)
    assert numbers == [1, 2, 4, 5]
    assert Parts(str(tmp_path), most=5).number == 5
    with pytest.raises(OutOfMemory, match="OOM when allocating"):
        parts.double(error)


@pytest.mark.parametrize("content", [b"", b"0", b"-2", b"2 parts", b"\xff\0"])
def test_a_damaged_number_of_parts_is_told_and_begins_at_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "parts").write_bytes(content)
    assert Parts(str(tmp_path), most=5).number == 1
    assert caplog.messages == [
        f"{tmp_path}/parts: found {content!r}; expected a number of parts: batches are whole again"
    ]
