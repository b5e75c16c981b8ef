"""A training's curves as event files, which TensorBoard shows while the training runs."""

from __future__ import annotations

import os
from types import TracebackType

import tensorflow as tf

from trainer.training.history import Epoch, History

_FILES = "events.out.tfevents.*"


class Events:
    """A writer of scalars by epoch: `loss`, `dev/<metric>`, `learning_rate`, `tokens_per_second`.

    A resumed training has its earlier epochs in its history and writes them too, so its curves are complete
    in any folder.

    Args:
        directory: made with the first epoch; event files in it are from the same training, and are replaced.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._written = 0
        self._writer: tf.summary.SummaryWriter | None = None

    def write(self, history: History) -> None:
        """Write the epochs of a history that are not written yet."""
        epochs = history.epochs[self._written :]
        if not epochs:
            return
        if self._writer is None:
            for path in tf.io.gfile.glob(os.path.join(self._directory, _FILES)):
                tf.io.gfile.remove(path)
            self._writer = tf.summary.create_file_writer(self._directory)
        with self._writer.as_default():
            for epoch in epochs:
                for name, value in _scalars(history.metric, epoch).items():
                    tf.summary.scalar(name, value, step=epoch.number)
        # So that TensorBoard shows each epoch as it ends.
        self._writer.flush()
        self._written = len(history.epochs)

    def __enter__(self) -> Events:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()


def _scalars(metric: str, epoch: Epoch) -> dict[str, float]:
    return {
        "loss": epoch.loss,
        f"dev/{metric}": epoch.dev_score,
        "learning_rate": epoch.learning_rate,
        "tokens_per_second": epoch.tokens_per_second,
    }
