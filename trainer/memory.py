"""A batch that does not fit into memory is trained on in parts; the step stays the same.

How many parts is kept beside the checkpoints: a training that goes on need not run out of memory again to know, and
several workers agree.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

log = logging.getLogger("tagline.trainer")

_FILE = "parts"


class OutOfMemory(RuntimeError):
    """Not even a single sentence of each batch fits."""


class Parts:
    """In how many parts each replica's batch is taken.

    Args:
        directory: of the training's checkpoints.
        most: sentences of a replica's batch; more parts there cannot be.

    Attributes:
        number: 1 or more.
    """

    def __init__(self, directory: str, *, most: int) -> None:
        self._path = os.path.join(directory, _FILE)
        self._most = most
        self.number = 1
        if tf.io.gfile.exists(self._path):
            with tf.io.gfile.GFile(self._path, "r") as file:
                self.number = int(file.read())

    def double(self, error: tf.errors.ResourceExhaustedError) -> None:
        """After `error`: from now on in twice as many.

        Raises:
            OutOfMemory: each part was a single sentence already.
        """
        said = _reason(error)
        if self.number >= self._most:
            raise OutOfMemory(
                f"a single sentence does not fit into memory ({said}); the longest sentence of the train split, "
                "trainer.lstm_units and trainer.byte_filters decide what one takes: cut the longest ones, lower the "
                "sizes, or train where there is more memory (the checkpoint of the epoch before is kept)"
            ) from error
        self.number = min(2 * self.number, self._most)
        log.warning(
            "out of memory: going back to the last epoch, each batch of %d now in %d parts, whose gradients are "
            "summed (%s)", self._most, self.number, said,
        )  # fmt: skip
        tf.io.gfile.makedirs(os.path.dirname(self._path))
        draft = f"{self._path}.draft-{os.getpid()}"
        with tf.io.gfile.GFile(draft, "w") as file:
            file.write(str(self.number))
        tf.io.gfile.rename(draft, self._path, overwrite=True)


def _reason(error: tf.errors.OpError) -> str:
    """The line that says what was asked for, among those that say where."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    return next((line for line in lines if "OOM" in line), lines[0] if lines else "no reason given")


class Beginning:
    """The values of variables before the first epoch, which no checkpoint holds; in the host's memory."""

    def __init__(self, variables: Sequence[tf.Variable]) -> None:
        self._variables = list(variables)
        self._values: list[np.ndarray] = [variable.numpy() for variable in self._variables]

    def restore(self) -> None:
        """Give the variables these values again."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)
