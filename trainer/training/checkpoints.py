"""The state of a training on disk: the last epoch, from which it resumes, and the best weights."""

from __future__ import annotations

import logging
import os
from typing import Any

import tensorflow as tf

from trainer import remote_files
from trainer.training.history import History

log = logging.getLogger("tagline.trainer")

_NAME = "epoch"  # the files are epoch-1, epoch-2, ...
_LAST = "last"
_BEST = "best"
# The history's name in the checkpoint of an epoch.
_HISTORY = "history/.ATTRIBUTES/VARIABLE_VALUE"


class Checkpoints:
    """The checkpoints of one training; a process killed at any moment leaves those of the epoch before intact.

    The history is part of the last epoch's checkpoint and names the best epoch, and the best weights are kept
    under that number: so weights and history cannot disagree.
    """

    def __init__(self, directory: str, *, model: tf.Module, optimizer: tf.Module) -> None:
        for name in (_LAST, _BEST):
            _discard_damaged_state(os.path.join(directory, name))
        # A GPU cannot hold a string; and the variable must be outside any strategy's scope.
        with tf.device("/cpu:0"):
            self._history = tf.Variable("", trainable=False, name="history")
        self._last = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=model, optimizer=optimizer, history=self._history),
            os.path.join(directory, _LAST),
            max_to_keep=1,
            checkpoint_name=_NAME,
        )
        self._best = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=model),
            os.path.join(directory, _BEST),
            max_to_keep=3,  # a kill can leave the weights of an epoch that no history names
            checkpoint_name=_NAME,
        )

    def restore(self) -> str:
        """Restore the last epoch saved, and return its history.

        Returns:
            "" if none was saved, or if a file that it needs is cut short or was changed, which is logged: nothing is
            restored then.
        """
        path = self._last.latest_checkpoint or self._on_disk()
        if path is None:
            return ""
        try:
            history = _tensors(path)[_HISTORY].decode()
            _tensors(os.path.join(self._best.directory, f"{_NAME}-{History.from_json(history).best.number}"))
        except (tf.errors.OpError, IndexError) as error:
            log.warning(
                "the training begins anew: a checkpoint in %s is damaged: %s",
                os.path.dirname(self._last.directory), str(error).splitlines()[0],
            )  # fmt: skip
            return ""
        self._last.checkpoint.restore(path).assert_consumed()
        return self._history.numpy().decode()

    def _on_disk(self) -> str | None:
        """Find the last epoch by its files, where the small file that names it is missing or damaged."""
        found = tf.io.gfile.glob(os.path.join(self._last.directory, f"{_NAME}-*.index"))
        if not found:
            return None
        path = max(
            (name.removesuffix(".index") for name in found), key=lambda name: int(name.rpartition("-")[2])
        )
        log.warning("%s names no checkpoint: taking %s, which is there", self._last.directory, path)
        return path

    def save(self, history: str, *, epoch: int, best: bool) -> None:
        """Save the epoch that just ended; the best weights first, since the history then names them."""
        if best:
            self._best.save(checkpoint_number=epoch)
        self._history.assign(history)
        self._last.save(checkpoint_number=epoch)


def _discard_damaged_state(folder: str) -> None:
    """Delete the small file that names the latest checkpoint if TensorFlow could not even begin with it."""
    try:
        tf.train.get_checkpoint_state(folder)
    except ValueError as error:
        log.warning("%s: the file `checkpoint` is damaged (%s)", folder, error)
        tf.io.gfile.remove(os.path.join(folder, "checkpoint"))


def _tensors(path: str) -> dict[str, Any]:
    """Read a checkpoint to its end, which compares every tensor with its checksum.

    Raises:
        tf.errors.OpError, IndexError: it is damaged, or not there.
    """
    reader = tf.train.load_checkpoint(path)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def restore_best(directory: str, model: tf.Module, *, epoch: int) -> None:
    """Put the weights of `epoch`, the best one, into the model."""
    path = os.path.join(directory, _BEST, f"{_NAME}-{epoch}")
    tf.train.Checkpoint(model=model).restore(path).assert_consumed()


def discard_weights(directory: str, *, but: int | None) -> None:
    """Delete the weights of a finished training, except those of the epoch `but` unless it is None."""
    for folder in (os.path.join(directory, _LAST), os.path.join(directory, _BEST)):
        for path in tf.io.gfile.glob(os.path.join(folder, "*")):
            if but is None or not path.startswith(os.path.join(directory, _BEST, f"{_NAME}-{but}.")):
                tf.io.gfile.remove(path)


_FINISHED = "finished"


def mark_finished(directory: str) -> None:
    """Mark the training in `directory` as exported, so that its checkpoints may be deleted."""
    remote_files.write(os.path.join(directory, _FINISHED), "")


def discard_finished(root: str, *, but: str) -> None:
    """Delete the finished trainings below `root`, except the one in `but`."""
    for marker in tf.io.gfile.glob(os.path.join(root, "*", _FINISHED)):
        if os.path.dirname(marker) != but:
            tf.io.gfile.rmtree(os.path.dirname(marker))
