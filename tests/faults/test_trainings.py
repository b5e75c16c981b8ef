"""A training that goes wrong is stopped and says so; one whose checkpoint is damaged ends as if it were not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tests.faults.conftest import Faults
from tests.trainer import conftest as corpus
from tests.trainer.conftest import SMALL
from tests.trainer.tiny_training import Killed, kill_after_saves, train
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop

vocabulary, transformed, tiny_sentences = corpus.vocabulary, corpus.transformed, corpus.tiny_sentences

HP = msgspec.structs.replace(SMALL, epochs=2)


def weights(model: tf.Module) -> dict[str, bytes]:
    return {f"{i} {variable.name}": variable.numpy().tobytes() for i, variable in enumerate(model.variables)}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def killed(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a training that was killed after the first of two epochs."""
    with monkeypatch.context() as patched:
        kill_after_saves(patched, 1)
        with pytest.raises(Killed):
            train(tiny_sentences, vocabulary, tmp_path / "killed", HP)
    return tmp_path / "killed"


def test_a_rate_beyond_all_bounds_stops_the_training(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, faults: Faults
) -> None:
    hp = msgspec.structs.replace(HP, learning_rate=1e30)
    with faults.tried(), pytest.raises(loop.Diverged, match=r"^the loss of epoch 1 is nan; .*clip_norm$"):
        train(tiny_sentences, vocabulary, tmp_path, hp)
    assert not files_below(tmp_path)


def test_weights_that_the_last_step_of_an_epoch_broke_are_not_kept(
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
) -> None:
    model = BiLstmCrf(HP, vocabulary, corpus.BIOES)
    take = loop.Steps.take

    def breaking(*of: Any) -> Any:
        taken = take(*of)
        model.transitions.assign(tf.fill(model.transitions.shape, np.inf))
        return taken

    monkeypatch.setattr(loop.Steps, "take", breaking)
    with faults.tried(), pytest.raises(loop.Diverged, match=r"^weights after epoch 1 are not finite; "):
        train(tiny_sentences, vocabulary, tmp_path, HP, build=lambda: model)
    assert not files_below(tmp_path)


def test_an_epoch_that_diverges_leaves_the_one_before(
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    killed: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: Faults,
) -> None:
    kept = files_below(killed)
    monkeypatch.setattr(loop.Steps, "take", lambda *_: (float("nan"), 1.0))
    with (
        faults.tried(),
        pytest.raises(loop.Diverged, match=r"epoch 2 is nan; .* \(the weights of epoch 1 are kept\)"),
    ):
        train(tiny_sentences, vocabulary, killed, HP)
    assert files_below(killed) == kept


def test_a_damaged_checkpoint_is_told_and_the_training_begins_anew(
    tiny_sentences: tf.data.Dataset,
    vocabulary: Vocabulary,
    killed: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    faults: Faults,
) -> None:
    whole, _ = train(tiny_sentences, vocabulary, tmp_path / "whole", HP)
    for which, file, damage in (
        ("last", "data-00000-of-00001", "cut"),
        ("best", "data-00000-of-00001", "flipped"),
        ("best", "index", "gone"),
    ):
        folder = shutil.copytree(killed, tmp_path / f"{which}-{file}-{damage}")
        path = folder / which / f"epoch-1.{file}"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.unlink()
        if damage != "gone":
            path.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
        caplog.clear()
        with faults.tried():
            model, history = train(tiny_sentences, vocabulary, folder, HP)
        assert len(history.epochs) == HP.epochs
        assert f"the training begins anew: a checkpoint in {folder} is damaged: " in caplog.text
        faults.compare(weights(model), weights(whole))
