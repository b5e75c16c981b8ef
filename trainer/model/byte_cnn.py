"""A convolution over the bytes of every token that pays for the bytes there are, not for the longest token.

The tokens of a batch lie behind each other in one row, zeros between them, so that no filter sees two at once.

Shape letters: `N` tokens, padding among them, `M` bytes of them all with the zeros between, `D` width of a byte's
vector, `W` bytes that a filter sees, `F` filters.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.features import token_features


class Row(NamedTuple):
    """The bytes of N tokens."""

    ids: tf.Tensor  # int32[M]
    token_of: tf.Tensor  # int32[M], 0..N-1; -1 at a zero
    tokens: tf.Tensor  # int32[], N


def row_of(tokens: tf.Tensor, *, max_bytes: int, width: int) -> Row:
    """The bytes of each token between its two marks, as `features.byte_ids` has them: string[...].

    Args:
        tokens: "" for padding, which has no byte.
        max_bytes: of a token and its marks; the rest is cut off.
        width: of the widest filter.
    """
    flat = tf.reshape(tokens, [-1])  # [N]
    marked = tf.strings.substr(
        tf.strings.join([token_features.BEGIN_MARK, flat, token_features.END_MARK]), 0, max_bytes
    )
    pieces = tf.where(flat == "", flat, tf.strings.join([marked, "\0" * (width // 2)]))
    # A zero at the end, so that there is something to read.
    joined = tf.strings.join([tf.strings.reduce_join(pieces), "\0"])
    ids = tf.cast(tf.io.decode_raw(joined, tf.uint8), tf.int32)
    count = tf.size(flat)
    token_of = tf.pad(tf.repeat(tf.range(count), tf.strings.length(pieces)), [[0, 1]])
    return Row(ids, tf.where(ids > 0, token_of, -1), count)


def strongest(x: tf.Tensor, filters: tf.Tensor, bias: tf.Tensor, row: Row) -> tf.Tensor:
    """What each filter finds at most in each token, 0 at least: float32[N,F]; a token without bytes has zeros.

    Args:
        x: float[M,D], vectors of the row's bytes, zeros where there is none.
        filters: float[W,D,F], of the type of x.
        bias: float32[F].
        row: where the tokens lie.
    """
    # As one matrix product, which asks nothing of M; hardly two batches have the same.
    width, depth, count = filters.shape
    steps = tf.shape(x)[0]
    padded = tf.pad(x, [[(width - 1) // 2, width // 2], [0, 0]])
    windows = tf.concat([padded[start : start + steps] for start in range(width)], 1)  # [M,W*D]
    found = tf.matmul(windows, tf.reshape(filters, [width * depth, count]))  # [M,F]
    # Bias and rectifier after the maximum, which they do not change, since they rise.
    most = tf.math.unsorted_segment_max(tf.cast(found, tf.float32), row.token_of, row.tokens)
    return tf.nn.relu(most + bias)
