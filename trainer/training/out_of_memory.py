"""Batches that do not fit into memory are taken in parts: the step stays the same, and so do a model's predictions.

The number of parts is kept beside the checkpoints: a resumed training need not run out of memory again, and
all workers use the same number.
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
    """Not even a single sentence fits into memory."""


class Parts:
    """The number of parts that each replica's batch is split into.

    Args:
        directory: of the training's checkpoints.
        most: sentences of a replica's batch, the largest number of parts.

    Attributes:
        number: 1 or more.
    """

    def __init__(self, directory: str, *, most: int) -> None:
        self._path = os.path.join(directory, _FILE)
        self._most = most
        self.number = 1
        if tf.io.gfile.exists(self._path):
            with tf.io.gfile.GFile(self._path, "rb") as file:
                content = file.read()
            if content.isdigit() and int(content) >= 1:
                self.number = int(content)
            else:
                log.warning(
                    "%s: found %r; expected a number of parts: batches are whole again", self._path, content
                )

    def double(self, error: tf.errors.ResourceExhaustedError) -> None:
        """Split batches into twice as many parts from now on, because of `error`.

        Raises:
            OutOfMemory: each part was a single sentence already.
        """
        reason = _reason(error)
        if self.number >= self._most:
            raise _too_long("train", reason) from error
        self.number = min(2 * self.number, self._most)
        log.warning(
            "out of memory: going back to the last epoch, each batch of %d now in %d parts, whose gradients are "
            "summed (%s)", self._most, self.number, reason,
        )  # fmt: skip
        remote_files.write(self._path, str(self.number))


class ShrinkingBatches:
    """Calls a function on the rows of a batch, on fewer rows at a time once it ran out of memory.

    A size that does not fit costs ten seconds, once: TensorFlow's allocators, oneDNN's on a CPU too, wait
    that long for other tensors to be freed before they give up, and the process seems to hang. A process that
    the system kills for its memory raises no error, so this cannot help it.

    Args:
        function: maps tensors of B rows to a tensor of B rows, row by row.
        split: the split that the sentences are from, for messages.

    Attributes:
        most: rows at a time; None as long as every batch has fitted.
    """

    def __init__(self, function: Callable[..., tf.Tensor], *, split: str) -> None:
        self._function, self._split = function, split
        self.most: int | None = None

    def __call__(self, *rows: tf.Tensor) -> np.ndarray:
        """Return the results of all rows, in their order.

        Raises:
            OutOfMemory: a single row does not fit.
        """
        number = int(rows[0].shape[0])
        results: list[np.ndarray] = []
        done = 0
        while done < number or not results:
            size = min(self.most or number, number - done)
            try:
                results.append(self._function(*(tensor[done : done + size] for tensor in rows)).numpy())
            except tf.errors.ResourceExhaustedError as error:
                self._halve(size, error)
            else:
                done += size
        return np.concatenate(results)

    def _halve(self, size: int, error: tf.errors.ResourceExhaustedError) -> None:
        reason = _reason(error)
        if size <= 1:
            raise _too_long(self._split, reason) from error
        self.most = size // 2
        log.warning(
            "out of memory: %d sentences of %s at once are too many, from now on %d (%s)",
            size, self._split, self.most, reason,
        )  # fmt: skip


def _too_long(split: str, reason: str) -> OutOfMemory:
    return OutOfMemory(
        f"a single sentence does not fit into memory ({reason}); the longest sentence of the {split} split, "
        "trainer.lstm_units and trainer.byte_filters decide what one takes: cut the longest ones, lower the "
        "sizes, or train where there is more memory (the checkpoint of the epoch before is kept)"
    )


def _reason(error: tf.errors.OpError) -> str:
    """Pick the line that names the allocation from a message that also lists where in the graph it failed."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    return next((line for line in lines if "OOM" in line), lines[0] if lines else "no reason given")


class InitialValues:
    """The variables' values before the first epoch, which no checkpoint holds; in the host's memory."""

    def __init__(self, variables: Sequence[tf.Variable]) -> None:
        self._variables = list(variables)
        self._values: list[np.ndarray] = [variable.numpy() for variable in self._variables]

    def restore(self) -> None:
        """Assign the initial values to the variables again."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)
