"""Chains with time as the first axis, and their rows taken a block of steps at a time.

A loop of a graph costs as much per turn as a small step of a chain does; a block of steps per turn pays
it once a block, and leaves T dynamic.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf.potentials import Potentials

_DYNAMIC_BLOCK = 8
_BLOCKS = (10, 8, 6, 4, 2)


class TimeMajor(NamedTuple):
    """What the forward and backward recursions run over. T' is T padded to whole blocks, and at least 1."""

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
    """The chains as the recursions take them; without `blocks`, T is padded to at least 1 only."""
    emissions, transitions, start, end = potentials.scores()
    unary = padded_rows(emissions, block_size(emissions.shape[1]) if blocks else 1)
    return TimeMajor(unary, transitions, start, end, potentials.lengths)


def block_size(steps: int | None) -> int:
    """How many steps a loop takes at a time, always even: where T is known, the size that pads it least."""
    if steps is None:
        return _DYNAMIC_BLOCK
    return min(_BLOCKS, key=lambda size: (-(-max(steps, 1) // size) * size, -size))


def padded_rows(emissions: tf.Tensor, multiple: int) -> tf.Tensor:
    """[T', B, K]: T padded by zeros to a multiple, and to at least one: T = 0 needs no case of its own."""
    rows = tf.transpose(emissions, [1, 0, 2])
    known = emissions.shape[1]
    if known is not None:
        padded = -(-max(known, 1) // multiple) * multiple
        return rows if padded == known else tf.pad(rows, [[0, padded - known], [0, 0], [0, 0]])
    steps = tf.shape(emissions)[1]
    padded = -(-tf.maximum(steps, 1) // multiple) * multiple
    return tf.pad(rows, [[0, padded - steps], [0, 0], [0, 0]])


def batch_major(rows: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """[B, T, K] from [T', B, K], without the steps that were padded."""
    return tf.ensure_shape(tf.transpose(rows[: tf.shape(like)[1]], [1, 0, 2]), like.shape)


def steps_of(rows: tf.Tensor) -> tf.Tensor:
    """int32[T', 1]: 0, 1, ..."""
    return tf.range(tf.shape(rows)[0])[:, tf.newaxis]


def at_last(rows: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """[B, K]: each sentence's row of [T', B, K] at its last token; at the first for an empty sentence."""
    where = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], axis=1)
    return tf.gather_nd(rows, where)


def split_blocks(rows: tf.Tensor, block: int) -> tf.Tensor:
    """[N * block, B, K] as [N, block, B, K]."""
    steps = rows.shape[0]
    shape = tf.shape(rows)
    parts = tf.reshape(rows, [shape[0] // block, block, shape[1], shape[2]])
    return tf.ensure_shape(parts, [None if steps is None else steps // block, block, *rows.shape[1:]])


def join_blocks(parts: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """[N, block, ...] as the [N * block, ...] it was split from."""
    return tf.ensure_shape(tf.reshape(parts, tf.shape(like)), like.shape)


def block_reader(parts: tf.Tensor) -> tf.TensorArray:
    """The blocks as an array that a loop reads without copying."""
    return block_writer(parts).unstack(parts)


def block_writer(parts: tf.Tensor) -> tf.TensorArray:
    """An empty array of as many blocks, of the same shape and type."""
    return tf.TensorArray(parts.dtype, size=tf.shape(parts)[0], element_shape=parts.shape[1:])
