"""The record of a training's epochs."""

from __future__ import annotations

from trainer.training.history import Epoch, History


def test_history_survives_json() -> None:
    epoch = Epoch(1, 2.5, 0.75, 0.001, 1.0, 100.0)
    history = History("token_accuracy", (epoch,))
    assert History.from_json(history.to_json()) == history
