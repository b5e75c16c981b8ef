from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.trainer.tiny_training import Killed, train
from trainer.features.vocabulary import Vocabulary
from trainer.training.history import Epoch, History
from trainer.training.tensorboard import Events

FIRST = Epoch(number=1, loss=8.0, dev_score=0.25, learning_rate=0.5, seconds=1.0, tokens_per_second=1000.0)
SECOND = Epoch(number=2, loss=2.0, dev_score=0.75, learning_rate=0.25, seconds=1.0, tokens_per_second=2000.0)


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard reads: tag -> (step, value), in the order of the files."""
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return {
        tag: [(event.step, tf.make_ndarray(event.tensor_proto).item()) for event in accumulator.Tensors(tag)]
        for tag in accumulator.Tags()["tensors"]
    }


def test_every_epoch_is_a_step_of_four_curves(tmp_path: Path) -> None:
    with Events(str(tmp_path)) as events:
        events.write(History("entity_f1_strict", ()))
        events.write(History("entity_f1_strict", (FIRST,)))
        # Flushed: TensorBoard shows it before the end.
        assert read(tmp_path)["loss"] == [(1, 8.0)]
        events.write(History("entity_f1_strict", (FIRST, SECOND)))
    assert read(tmp_path) == {
        "loss": [(1, 8.0), (2, 2.0)],
        "dev/entity_f1_strict": [(1, 0.25), (2, 0.75)],
        "learning_rate": [(1, 0.5), (2, 0.25)],
        "tokens_per_second": [(1, 1000.0), (2, 2000.0)],
    }


def test_a_resumed_training_has_its_earlier_epochs_once(tmp_path: Path) -> None:
    for folder in (tmp_path / "same", tmp_path / "same", tmp_path / "another"):
        with Events(str(folder)) as events:
            events.write(History("token_accuracy", (FIRST,)))
            if folder.name == "another":
                events.write(History("token_accuracy", (FIRST, SECOND)))
    assert read(tmp_path / "same")["dev/token_accuracy"] == [(1, 0.25)]
    assert read(tmp_path / "another")["dev/token_accuracy"] == [(1, 0.25), (2, 0.75)]


def test_no_epoch_leaves_no_file(tmp_path: Path) -> None:
    with Events(str(tmp_path / "new")) as events:
        events.write(History("entity_f1_strict", ()))
    assert not (tmp_path / "new").exists()


def test_the_curves_of_a_killed_training_are_those_of_its_history(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    def train_until(dies_after: int, events: Events) -> History:
        def report(history: History) -> None:
            events.write(history)
            if len(history.epochs) == dies_after:
                raise Killed

        return train(tiny_sentences, vocabulary, tmp_path / "checkpoints", report=report)[1]

    with pytest.raises(Killed), Events(str(tmp_path / "first")) as events:
        train_until(2, events)
    # TFX gives each execution a folder of its own.
    with Events(str(tmp_path / "second")) as events:
        history = train_until(99, events)
    read_back = read(tmp_path / "second")
    assert [step for step, _ in read_back["loss"]] == [1, 2, 3]
    for tag, values in (
        ("loss", [epoch.loss for epoch in history.epochs]),
        ("dev/entity_f1_strict", [epoch.dev_score for epoch in history.epochs]),
        ("learning_rate", [epoch.learning_rate for epoch in history.epochs]),
    ):
        assert [value for _, value in read_back[tag]] == pytest.approx(values, rel=1e-6)
