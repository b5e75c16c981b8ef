"""Trainings of the tiny corpus, complete or killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import tensorflow as tf

from tagging.schemes import BIOES, Scheme
from tests.trainer.conftest import SMALL
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop
from trainer.training.history import History

# For trainings on several replicas or in parts, which draw other dropout masks.
NO_DROPOUT = msgspec.structs.replace(
    SMALL, scaling="none", input_dropout=0.0, output_dropout=0.0, byte_dropout=0.0, singleton_dropout=0.0
)


class Killed(BaseException):
    """Simulates a process that is killed."""


def train(
    sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    checkpoint_dir: Path | str,
    hp: Hyperparameters = SMALL,
    *,
    build: Callable[[], BiLstmCrf] | None = None,
    scheme: Scheme = BIOES,
    dev_sentences: tf.data.Dataset | None = None,
    strategy: tf.distribute.Strategy | None = None,
    report: Callable[[History], None] = lambda _: None,
) -> tuple[BiLstmCrf, History]:
    """Train on `sentences`, and score on `dev_sentences`, or else on the same."""
    return loop.train(
        build=build or (lambda: BiLstmCrf(hp, vocabulary, scheme)),
        train_sentences=sentences,
        dev_sentences=dev_sentences or sentences,
        vocabulary=vocabulary,
        scheme=scheme,
        hyperparameters=hp,
        strategy=strategy or tf.distribute.get_strategy(),
        checkpoint_dir=str(checkpoint_dir),
        report=report,
    )


def kill_after_saves(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """Raise Killed once `count` checkpoints are saved; the list returned grows by the epoch of every save."""
    save = loop.Checkpoints.save
    epochs: list[int] = []

    def save_and_die(self: loop.Checkpoints, history: str, *, epoch: int, best: bool) -> None:
        save(self, history, epoch=epoch, best=best)
        epochs.append(epoch)
        if len(epochs) == count:
            raise Killed

    monkeypatch.setattr(loop.Checkpoints, "save", save_and_die)
    return epochs
