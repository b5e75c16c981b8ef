"""Chains with time as the first axis, and their rows taken a block of steps at a time.

A loop of a graph costs as much per turn as a small step of a chain does; a block of steps per turn pays
it once a block, and leaves T dynamic.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf.arguments.potentials import Potentials

_DYNAMIC_BLOCK = 8
_BLOCKS = (10, 8, 6, 4, 2)


class TimeMajor(NamedTuple):
    """The input of the forward and backward recursions. T' is T padded to complete blocks, and at least 1."""

    unary: tf.Tensor  # [T', B, K]
    transitions: tf.Tensor  # [K, K]
    start: tf.Tensor  # [K]
    end: tf.Tensor  # [K]
    lengths: tf.Tensor  # int32[B]

    @property
    def block(self) -> int:
        """The number of steps that a loop takes at a time."""
        return block_size(self.unary.shape[0])

    @property
    def real(self) -> tf.Tensor:
        """bool[T', B], true where there is a token."""
        return steps_of(self.unary) < self.lengths


def time_major(potentials: Potentials, *, blocks: bool = True) -> TimeMajor:
    """Bring chains into the form of the recursions; without `blocks`, T is padded to at least 1 only."""
    emissions, transitions, start, end = potentials.scores()
    unary = padded_rows(emissions, block_size(emissions.shape[1]) if blocks else 1)
    return TimeMajor(unary, transitions, start, end, potentials.lengths)


def block_size(steps: int | None) -> int:
    """Choose the number of steps of a block, always even: for a static T, the size that pads it least."""
    if steps is None:
        return _DYNAMIC_BLOCK
    return min(_BLOCKS, key=lambda size: (-(-max(steps, 1) // size) * size, -size))


def padded_rows(emissions: tf.Tensor, multiple: int) -> tf.Tensor:
    """Transpose to [T', B, K], T padded by zeros to a multiple of `multiple`, at least one, also for T = 0."""
    rows = tf.transpose(emissions, [1, 0, 2])
    static = emissions.shape[1]
    if static is not None:
        padded = -(-max(static, 1) // multiple) * multiple
        return rows if padded == static else tf.pad(rows, [[0, padded - static], [0, 0], [0, 0]])
    steps = tf.shape(emissions)[1]
    padded = -(-tf.maximum(steps, 1) // multiple) * multiple
    return tf.pad(rows, [[0, padded - steps], [0, 0], [0, 0]])


def batch_major(rows: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Transpose [T', B, K] back to [B, T, K], without the steps of the padding."""
    return tf.ensure_shape(tf.transpose(rows[: tf.shape(like)[1]], [1, 0, 2]), like.shape)


def steps_of(rows: tf.Tensor) -> tf.Tensor:
    """Number the steps, int32[T', 1]: 0, 1, ..."""
    return tf.range(tf.shape(rows)[0])[:, tf.newaxis]


def at_last(rows: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Gather each sentence's row [B, K] of [T', B, K] at its last token; at the first for an empty sentence."""
    where = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], axis=1)
    return tf.gather_nd(rows, where)


def split_blocks(rows: tf.Tensor, block: int) -> tf.Tensor:
    """Reshape [N * block, B, K] to [N, block, B, K]."""
    steps = rows.shape[0]
    shape = tf.shape(rows)
    parts = tf.reshape(rows, [shape[0] // block, block, shape[1], shape[2]])
    return tf.ensure_shape(parts, [None if steps is None else steps // block, block, *rows.shape[1:]])


def join_blocks(parts: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Reshape [N, block, ...] to the [N * block, ...] it was split from."""
    return tf.ensure_shape(tf.reshape(parts, tf.shape(like)), like.shape)


def block_reader(parts: tf.Tensor) -> tf.TensorArray:
    """Make an array of the blocks that a loop reads without copying."""
    return block_writer(parts).unstack(parts)


def block_writer(parts: tf.Tensor) -> tf.TensorArray:
    """Make an empty array for as many blocks of the same shape and type."""
    return tf.TensorArray(parts.dtype, size=tf.shape(parts)[0], element_shape=parts.shape[1:])
