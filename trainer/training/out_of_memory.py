"""A batch that does not fit into memory is taken in parts: the step stays the same, and so do a model's answers.

How many parts is kept beside the checkpoints: a training that goes on need not run out of memory again to know, and
several workers agree.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from trainer import remote_files

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
            raise _too_long("train", said) from error
        self.number = min(2 * self.number, self._most)
        log.warning(
            "out of memory: going back to the last epoch, each batch of %d now in %d parts, whose gradients are "
            "summed (%s)", self._most, self.number, said,
        )  # fmt: skip
        remote_files.write(self._path, str(self.number))


class Portions:
    """Asks about the rows of a batch; about fewer at a time from when they ran out of memory.

    A size that does not fit costs ten seconds, once: so long TensorFlow's allocators, oneDNN's on a CPU too, wait for
    other tensors to be freed before they give up, while the process looks as if it hung. What the system ends for its
    memory leaves no error to go by.

    Args:
        ask: tensors of B rows -> a tensor of B rows, each of which goes by its own row alone.
        split: whose sentences the rows are, for those who read of it.

    Attributes:
        most: rows at a time; None as long as all have fitted.
    """

    def __init__(self, ask: Callable[..., tf.Tensor], *, split: str) -> None:
        self._ask, self._split = ask, split
        self.most: int | None = None

    def __call__(self, *rows: tf.Tensor) -> np.ndarray:
        """The answers to all rows, in their order.

        Raises:
            OutOfMemory: a single row does not fit.
        """
        number = int(rows[0].shape[0])
        answers: list[np.ndarray] = []
        done = 0
        while done < number or not answers:
            size = min(self.most or number, number - done)
            try:
                answers.append(self._ask(*(tensor[done : done + size] for tensor in rows)).numpy())
            except tf.errors.ResourceExhaustedError as error:
                self._halve(size, error)
            else:
                done += size
        return np.concatenate(answers)

    def _halve(self, size: int, error: tf.errors.ResourceExhaustedError) -> None:
        said = _reason(error)
        if size <= 1:
            raise _too_long(self._split, said) from error
        self.most = size // 2
        log.warning(
            "out of memory: %d sentences of %s at once are too many, from now on %d (%s)",
            size, self._split, self.most, said,
        )  # fmt: skip


def _too_long(split: str, said: str) -> OutOfMemory:
    return OutOfMemory(
        f"a single sentence does not fit into memory ({said}); the longest sentence of the {split} split, "
        "trainer.lstm_units and trainer.byte_filters decide what one takes: cut the longest ones, lower the "
        "sizes, or train where there is more memory (the checkpoint of the epoch before is kept)"
    )


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
