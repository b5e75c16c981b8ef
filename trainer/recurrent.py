"""A bidirectional LSTM over right-padded sentences, in a form for training and one for serving.

Shape letters: `B` batch, `T` tokens, `D` input width, `H` units.
"""

from __future__ import annotations

import tensorflow as tf


class Lstm(tf.Module):
    """One direction. Weights as Keras has them: gates input, forget, cell, output."""

    def __init__(self, width: int, units: int, *, seed: int, name: str) -> None:
        super().__init__(name=name)
        self.units = units
        self._layer = tf.keras.layers.LSTM(
            units,
            return_sequences=True,
            kernel_initializer=tf.keras.initializers.GlorotUniform(seed),
            recurrent_initializer=tf.keras.initializers.Orthogonal(seed=seed),
            name=name,
        )
        self._layer.build(tf.TensorShape([None, None, width]))
        # The variables themselves, so that an exported module tracks them and not the Keras object.
        self.kernel, self.recurrent_kernel, self.bias = self._layer.trainable_weights

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """float32[B,T,D] -> float32[B,T,H]; takes cuDNN's kernel on a GPU."""
        return self._layer(x)

    def fused(self, x: tf.Tensor) -> tf.Tensor:
        """The same as one CPU operation over all steps, so that a single sentence pays no loop.

        Its registered gradient does not fit these weights, so it is for the exported model only.
        """
        batch = tf.shape(x)[0]
        states = tf.zeros([batch, self.units])
        unused = tf.zeros([self.units])
        out = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.shape(x, out_type=tf.int64)[1],
            x=tf.transpose(x, [1, 0, 2]),
            cs_prev=states,
            h_prev=states,
            w=tf.concat([self.kernel, self.recurrent_kernel], 0),
            wci=unused,
            wcf=unused,
            wco=unused,
            b=self.bias,
            cell_clip=0.0,
            use_peephole=False,
        )
        return tf.transpose(out.h, [1, 0, 2])


def bidirectional(
    x: tf.Tensor, lengths: tf.Tensor, forward: Lstm, backward: Lstm, *, fused: bool
) -> tf.Tensor:
    """Both directions side by side: float32[B,T,D], int32[B] -> float32[B,T,2H].

    The backward direction reads each sentence reversed within its own length, padding staying behind.
    """
    reversed_x = tf.reverse_sequence(x, lengths, seq_axis=1)
    if fused:
        ahead, behind = forward.fused(x), backward.fused(reversed_x)
    else:
        ahead, behind = forward(x), backward(reversed_x)
    return tf.concat([ahead, tf.reverse_sequence(behind, lengths, seq_axis=1)], axis=-1)
