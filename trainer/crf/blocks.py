"""Time-major rows taken a block of steps at a time.

A loop of a graph costs as much per turn as a small step of a chain does; a block of steps per turn pays
it once a block, and leaves T dynamic.
"""

from __future__ import annotations

import tensorflow as tf

DYNAMIC_BLOCK = 8
BLOCKS = (10, 8, 6, 4, 2)


def block_of(steps: int | None) -> int:
    """How many steps a loop takes at a time, always even: where T is known, the size that pads it least."""
    if steps is None:
        return DYNAMIC_BLOCK
    return min(BLOCKS, key=lambda size: (-(-max(steps, 1) // size) * size, -size))


def time_major(emissions: tf.Tensor, multiple: int = 1) -> tf.Tensor:
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
    """[B, T, K] from [T', B, K], without the steps that time_major added."""
    found = tf.transpose(rows[: tf.shape(like)[1]], [1, 0, 2])
    return tf.ensure_shape(found, like.shape)


def split(rows: tf.Tensor, block: int) -> tf.Tensor:
    """[N * block, B, K] as [N, block, B, K]."""
    steps = rows.shape[0]
    shape = tf.shape(rows)
    parts = tf.reshape(rows, [shape[0] // block, block, shape[1], shape[2]])
    return tf.ensure_shape(parts, [None if steps is None else steps // block, block, *rows.shape[1:]])


def join(parts: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """[N, block, ...] as the [N * block, ...] it was split from."""
    return tf.ensure_shape(tf.reshape(parts, tf.shape(like)), like.shape)


def reading(parts: tf.Tensor) -> tf.TensorArray:
    """The blocks as an array that a loop reads without copying."""
    array = tf.TensorArray(parts.dtype, size=tf.shape(parts)[0], element_shape=parts.shape[1:])
    return array.unstack(parts)


def writing(parts: tf.Tensor) -> tf.TensorArray:
    """An empty array of as many blocks, of the same shape and type."""
    return tf.TensorArray(parts.dtype, size=tf.shape(parts)[0], element_shape=parts.shape[1:])
