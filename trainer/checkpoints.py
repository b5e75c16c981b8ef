"""The state of a training on disk: the last epoch, from which it goes on, and the best weights."""

from __future__ import annotations

import os

import tensorflow as tf


class Checkpoints:
    """Writes after each epoch; a process killed at any moment leaves the epoch before intact.

    The history travels inside the checkpoint, so weights and history cannot disagree.
    """

    def __init__(self, directory: str, *, model: tf.Module, optimizer: tf.keras.optimizers.Optimizer) -> None:
        # A string has no place on a GPU; the variable is made outside any strategy's scope.
        with tf.device("/cpu:0"):
            self._history = tf.Variable("", trainable=False, name="history")
        self._last = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=model, optimizer=optimizer, history=self._history),
            os.path.join(directory, "last"),
            max_to_keep=1,
        )
        self._best = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=model), os.path.join(directory, "best"), max_to_keep=2
        )

    def restore(self) -> str:
        """Go back to the last epoch saved; returns its history, or "" where there is none."""
        path = self._last.latest_checkpoint
        if path is None:
            return ""
        self._last.checkpoint.restore(path).assert_consumed()
        return self._history.numpy().decode()

    def save(self, history: str, *, best: bool) -> None:
        """Keep the epoch just ended; `best` weights first, since the history that names them comes with the last."""
        if best:
            self._best.save()
        self._history.assign(history)
        self._last.save()

    def restore_best(self) -> None:
        """Put the best epoch's weights into the model."""
        self._best.checkpoint.restore(self._best.latest_checkpoint).assert_consumed()


_FINISHED = "finished"


def mark_finished(directory: str) -> None:
    """The training kept in `directory` has been exported: nothing will go on from it."""
    with tf.io.gfile.GFile(os.path.join(directory, _FINISHED), "w") as file:
        file.write("")


def discard_finished(root: str, *, but: str) -> None:
    """Delete the finished trainings below `root`, except the one in `but`."""
    for marker in tf.io.gfile.glob(os.path.join(root, "*", _FINISHED)):
        if os.path.dirname(marker) != but:
            tf.io.gfile.rmtree(os.path.dirname(marker))
