from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES, PLAIN
from tests.trainer.conftest import SMALL
from tests.trainer.tiny_training import Killed, kill_after_saves, train
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Crf
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop

LONG = msgspec.structs.replace(SMALL, epochs=40, input_dropout=0.1, output_dropout=0.1)


def _weights(model: BiLstmCrf) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables]


@pytest.mark.parametrize("implementation", ["native", "addons"])
def test_ten_sentences_are_learned_by_heart(
    implementation: str, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    hp = msgspec.structs.replace(LONG, crf=Crf(implementation=implementation))  # type: ignore[arg-type]
    _, history = train(tiny_sentences, vocabulary, tmp_path, hp)
    assert history.epochs[-1].loss < history.epochs[0].loss / 3
    assert history.best.dev_score > 0.9


def test_the_same_seed_gives_the_same_model_twice(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    first, history = train(tiny_sentences, vocabulary, tmp_path / "a")
    second, again = train(tiny_sentences, vocabulary, tmp_path / "b")
    assert [epoch.loss for epoch in history.epochs] == [epoch.loss for epoch in again.epochs]
    for one, other in zip(_weights(first), _weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_killed_training_resumes_and_ends_with_the_same_weights(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = train(tiny_sentences, vocabulary, tmp_path / "whole")

    saved_epochs = kill_after_saves(monkeypatch, 2)
    with pytest.raises(Killed):
        train(tiny_sentences, vocabulary, tmp_path / "killed")
    model, history = train(tiny_sentences, vocabulary, tmp_path / "killed")

    assert [epoch.number for epoch in history.epochs] == [1, 2, 3]
    assert saved_epochs == [1, 2, 3], "only the missing epoch is trained"
    for one, other in zip(_weights(whole), _weights(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_epochs_weights_are_kept(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[np.ndarray]] = []
    scores = iter([0.2, 0.9, 0.5])

    def scorer_of(model: BiLstmCrf, *_: object) -> object:
        def score(_: tf.data.Dataset) -> float:
            seen.append(_weights(model))
            return next(scores)

        return score

    monkeypatch.setattr(loop, "scorer", scorer_of)
    model, history = train(tiny_sentences, vocabulary, tmp_path)
    assert history.best.number == 2
    for kept, second in zip(_weights(model), seen[1], strict=True):
        np.testing.assert_array_equal(kept, second)


def test_weights_and_history_agree_after_a_kill_between_the_two_checkpoints(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epoch 2 is killed once its weights are kept as the best; trained again it scores lower, as on a GPU it may."""
    scores = iter([0.5, 0.9])
    monkeypatch.setattr(loop, "scorer", lambda *_: lambda _: next(scores))
    last = tf.train.CheckpointManager.save

    def save_and_die(self: tf.train.CheckpointManager, checkpoint_number: int) -> None:
        if self.directory.endswith("last") and checkpoint_number == 2:
            raise Killed
        last(self, checkpoint_number=checkpoint_number)

    with monkeypatch.context() as patch:
        patch.setattr(tf.train.CheckpointManager, "save", save_and_die)
        with pytest.raises(Killed):
            train(tiny_sentences, vocabulary, tmp_path)
    first = tf.train.load_variable(str(tmp_path / "best" / "epoch-1"), "model/end/.ATTRIBUTES/VARIABLE_VALUE")

    scores = iter([0.3, 0.2])
    model, history = train(tiny_sentences, vocabulary, tmp_path)
    assert history.best.number == 1
    np.testing.assert_array_equal(model.end.numpy(), first)


def test_training_stops_when_patience_runs_out(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.4, 0.3, 0.9, 0.9])
    monkeypatch.setattr(loop, "scorer", lambda *_: lambda _: next(scores))
    hp = msgspec.structs.replace(SMALL, epochs=5, patience=2)
    _, history = train(tiny_sentences, vocabulary, tmp_path, hp)
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3]


def test_a_diverging_loss_is_an_error_that_says_what_to_do(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    def build() -> BiLstmCrf:
        model = BiLstmCrf(SMALL, vocabulary, BIOES)
        model.transitions.assign(tf.fill(model.transitions.shape, np.nan))
        return model

    with pytest.raises(loop.Diverged, match=r"epoch 1 is nan; lower trainer.learning_rate"):
        train(tiny_sentences, vocabulary, tmp_path, build=build)


def test_plain_tags_are_scored_by_accuracy(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    _, history = train(tiny_sentences, vocabulary, tmp_path, scheme=PLAIN)
    assert history.metric == "token_accuracy"
    assert history.best.dev_score > 0.5  # most tokens are O


def test_a_training_whose_last_epoch_has_lost_its_name_finds_it_by_its_files(
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    saved_epochs = kill_after_saves(monkeypatch, 2)
    killed = tmp_path / "killed"
    with pytest.raises(Killed):
        train(tiny_sentences, vocabulary, killed)

    for number, damage in enumerate((b"\xff\0\xfe", b'model_checkpoint_path: "epo')):
        folder = Path(shutil.copytree(killed, tmp_path / str(number)))
        (folder / "last" / "checkpoint").write_bytes(damage)
        with caplog.at_level("INFO"):
            train(tiny_sentences, vocabulary, folder)
        assert saved_epochs[2:] == [3] * (number + 1), "only the missing epoch is trained"
        found = f"{folder}/last names no checkpoint: taking {folder}/last/epoch-2, which is there"
        assert found in caplog.messages
