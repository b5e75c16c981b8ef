"""A convolution over the bytes of every token whose cost is that of the actual bytes, not of the longest token.

The tokens of a batch are concatenated in one row, with zeros between them, so that no filter sees two at
once.

Shape letters: `N` tokens, padding included, `M` bytes of them all with the zeros between, `D` width of a
byte's vector, `W` bytes that a filter sees, `F` filters.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.features import token_features


class Row(NamedTuple):
    """The concatenated bytes of N tokens."""

    ids: tf.Tensor  # int32[M]
    token_of: tf.Tensor  # int32[M], 0..N-1; -1 at a zero
    tokens: tf.Tensor  # int32[], N


def row_of(tokens: tf.Tensor, *, max_bytes: int, width: int) -> Row:
    """Concatenate the bytes of tokens string[...], each between two marks as in `token_features.byte_ids`.

    Args:
        tokens: "" for padding, which has no byte.
        max_bytes: of a token with its marks; the rest is cut off.
        width: of the widest filter.
    """
    flat = tf.reshape(tokens, [-1])  # [N]
    marked = tf.strings.substr(
        tf.strings.join([token_features.BEGIN_MARK, flat, token_features.END_MARK]), 0, max_bytes
    )
    pieces = tf.where(flat == "", flat, tf.strings.join([marked, "\0" * (width // 2)]))
    # A zero at the end, so that the row is never empty.
    joined = tf.strings.join([tf.strings.reduce_join(pieces), "\0"])
    ids = tf.cast(tf.io.decode_raw(joined, tf.uint8), tf.int32)
    count = tf.size(flat)
    token_of = tf.pad(tf.repeat(tf.range(count), tf.strings.length(pieces)), [[0, 1]])
    return Row(ids, tf.where(ids > 0, token_of, -1), count)


def strongest(x: tf.Tensor, filters: tf.Tensor, bias: tf.Tensor, row: Row) -> tf.Tensor:
    """Return each filter's maximum over each token, at least 0: float32[N,F]; zeros for a token without bytes.

    Args:
        x: float[M,D], vectors of the row's bytes; zeros between tokens.
        filters: float[W,D,F], of the type of x.
        bias: float32[F].
        row: where the tokens lie.
    """
    # One matrix product takes any M without preparation, and hardly two batches have the same M.
    width, depth, count = filters.shape
    steps = tf.shape(x)[0]
    padded = tf.pad(x, [[(width - 1) // 2, width // 2], [0, 0]])
    windows = tf.concat([padded[start : start + steps] for start in range(width)], 1)  # [M,W*D]
    responses = tf.matmul(windows, tf.reshape(filters, [width * depth, count]))  # [M,F]
    # Bias and rectifier are monotonic, so they can follow the maximum.
    maxima = tf.math.unsorted_segment_max(tf.cast(responses, tf.float32), row.token_of, row.tokens)
    return tf.nn.relu(maxima + bias)
