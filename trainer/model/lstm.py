"""A bidirectional LSTM over right-padded sentences: cuDNN on a GPU, one operation with its own gradient on a CPU.

On a CPU Keras runs a loop of small operations over the steps, and differentiates that loop. Here one
operation runs all steps forward; backward, only what depends on the later step is looped over, and each
weight's gradient is one matrix product over all steps. The weights are the same variables, in Keras's layout.

Shape letters: `B` batch, `T` tokens, `D` input width, `H` units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Lstm(tf.Module):
    """One direction. Weights as Keras has them: gates input, forget, cell, output."""

    def __init__(self, width: int, units: int, *, seed: int, name: str, precision: str = "float32") -> None:
        super().__init__(name=name)
        self.mixed = precision != "float32"
        self._layer = tf.keras.layers.LSTM(
            units,
            return_sequences=True,
            dtype=tf.keras.mixed_precision.Policy(precision),
            kernel_initializer=tf.keras.initializers.GlorotUniform(seed),
            recurrent_initializer=tf.keras.initializers.Orthogonal(seed=seed),
            name=name,
        )
        self._layer.build(tf.TensorShape([None, None, width]))
        # Attributes of their own, so that an exported module tracks the variables and not the Keras object.
        self.kernel, self.recurrent_kernel, self.bias = self._layer.trainable_weights

    def by_keras(self, x: tf.Tensor) -> tf.Tensor:
        """Run the Keras layer in its precision, on a GPU cuDNN's kernel: float32[B,T,D] -> float32[B,T,H]."""
        return tf.cast(self._layer(x), tf.float32)

    def by_one_operation(self, x: tf.Tensor, *, gradient: bool) -> tf.Tensor:
        """Compute the same in float32 by one operation, the fastest on a CPU; `gradient` is False for export."""
        kernel, recurrent_kernel, bias = self._weights()
        steps = tf.transpose(x, [1, 0, 2])
        if gradient:
            states = fused_lstm(steps, kernel, recurrent_kernel, bias)
        else:
            states = _run(steps, kernel, recurrent_kernel, bias).h
        return tf.transpose(states, [1, 0, 2])

    def by_rows(self, x: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
        """Run one sentence float32[T,D] in the `order` int32[T] of its tokens, without gradient: float32[T,H].

        The operation reads all of the kernel at each step, to multiply one token by it. Here all tokens are
        multiplied at once, and the operation's kernel is that product, of which a one-hot input selects the
        step's row.
        """
        kernel, recurrent_kernel, bias = self._weights()
        rows = tf.one_hot(order, tf.shape(x)[0])[:, tf.newaxis]  # [T,1,T]
        return tf.squeeze(_run(rows, tf.matmul(x, kernel), recurrent_kernel, bias).h, 1)

    def _weights(self) -> list[tf.Tensor]:
        return [tf.convert_to_tensor(weight) for weight in (self.kernel, self.recurrent_kernel, self.bias)]


def bidirectional(
    x: tf.Tensor, lengths: tf.Tensor, forward: Lstm, backward: Lstm, *, fused: bool = False
) -> tf.Tensor:
    """Run both directions side by side: float32[B,T,D], int32[B] -> float32[B,T,2H].

    The backward direction reads each sentence reversed within its own length, padding staying behind.

    Args:
        x: B sentences.
        lengths: of each, 0..T.
        forward, backward: the directions.
        fused: True for export: one operation without gradient, and no Keras layer. False: by the devices and
            the precision, since the operation supports float32 only.
    """
    if fused:
        # The steps of a single sentence wait for the weights to be read. From half the kernel's rows on,
        # `by_rows` would read as much.
        few = (tf.shape(x)[0] == 1) & (2 * tf.shape(x)[1] <= forward.kernel.shape[0])
        return tf.cond(
            few,
            lambda: _of_one_sentence(x, lengths, forward, backward),
            lambda: _of_all(x, lengths, forward, backward, fused=True),
        )
    return _of_all(x, lengths, forward, backward, fused=False)


def _of_one_sentence(x: tf.Tensor, lengths: tf.Tensor, forward: Lstm, backward: Lstm) -> tf.Tensor:
    """Run both directions over one sentence, without gradient: float32[1,T,D], int32[1] -> float32[1,T,2H]."""
    tokens = tf.reshape(x, [-1, forward.kernel.shape[0]])  # [T,D]
    ahead = tf.range(tf.shape(tokens)[0])
    # Applied twice it is the identity.
    behind = tf.where(ahead < lengths[0], lengths[0] - 1 - ahead, ahead)
    states = [forward.by_rows(tokens, ahead), tf.gather(backward.by_rows(tokens, behind), behind)]
    return tf.concat(states, 1)[tf.newaxis]


def _of_all(x: tf.Tensor, lengths: tf.Tensor, forward: Lstm, backward: Lstm, *, fused: bool) -> tf.Tensor:
    by_keras = not fused and (forward.mixed or tf.config.list_logical_devices("GPU"))

    def states(lstm: Lstm, steps: tf.Tensor) -> tf.Tensor:
        return lstm.by_keras(steps) if by_keras else lstm.by_one_operation(steps, gradient=not fused)

    ahead = states(forward, x)
    behind = states(backward, tf.reverse_sequence(x, lengths, seq_axis=1))
    return tf.concat([ahead, tf.reverse_sequence(behind, lengths, seq_axis=1)], axis=-1)


@tf.custom_gradient
def fused_lstm(
    x: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
    """Run an LSTM from a zero state: time-major float32[T,B,D] -> float32[T,B,H]; T and B at least 1.

    Args:
        x: the steps.
        kernel: float32[D,4H], gates input, forget, cell, output.
        recurrent_kernel: float32[H,4H].
        bias: float32[4H].
    """
    run = _run(x, kernel, recurrent_kernel, bias)
    units = recurrent_kernel.shape[0]

    # The gradient that TensorFlow registers for this operation reads the gates in another order.
    def gradient(d_states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        d_gates = _gate_gradients(run, d_states, recurrent_kernel)  # [T,B,4H]
        rows = tf.reshape(d_gates, [-1, 4 * units])  # [T*B,4H]
        before = tf.concat([tf.zeros_like(run.h[:1]), run.h[:-1]], 0)  # [T,B,H]
        return (
            tf.reshape(tf.matmul(rows, kernel, transpose_b=True), tf.shape(x)),
            tf.matmul(tf.reshape(x, [-1, kernel.shape[0]]), rows, transpose_a=True),
            tf.matmul(tf.reshape(before, [-1, units]), rows, transpose_a=True),
            tf.reduce_sum(rows, 0),
        )

    return run.h, gradient


def _run(x: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor) -> Any:
    """Run BlockLSTMV2; its outputs, float32[T,B,H] each, are the states `h`, the gates and the cells."""
    units = recurrent_kernel.shape[0]
    start = tf.zeros([tf.shape(x)[1], units], x.dtype)  # [B,H]
    unused = tf.zeros([units], x.dtype)
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.shape(x, out_type=tf.int64)[0],
        x=x,
        cs_prev=start,
        h_prev=start,
        w=tf.concat([kernel, recurrent_kernel], 0),
        wci=unused,
        wcf=unused,
        wco=unused,
        b=bias,
        cell_clip=0.0,
        use_peephole=False,
    )


def _gate_gradients(run: Any, d_states: tf.Tensor, recurrent_kernel: tf.Tensor) -> tf.Tensor:
    """Compute the gradients of the gates before their activations, float32[T,B,4H].

    Args:
        run: the outputs of BlockLSTMV2: the gates i, f, ci, o after their activations, the cells cs and their
            tanh co.
        d_states: float32[T,B,H], gradients of the states.
        recurrent_kernel: float32[H,4H].
    """
    i, f, ci, o, co = run.i, run.f, run.ci, run.o, run.co  # [T,B,H]
    start = tf.zeros_like(i[0])  # [B,H]
    cells_before = tf.concat([start[tf.newaxis], run.cs[:-1]], 0)
    # Computed for all steps at once: the derivatives of the cell by each gate, of the state by the output
    # gate, and of the state by the cell.
    slopes = tf.concat([ci * i * (1 - i), cells_before * f * (1 - f), i * (1 - ci * ci), co * o * (1 - o)], 2)
    cell_slope = o * (1 - co * co)
    back = tf.transpose(recurrent_kernel)  # [4H,H]
    steps = tf.shape(i)[0]

    def body(
        step: tf.Tensor, d_later: tf.Tensor, d_cell: tf.Tensor, gates: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        d_state = d_states[step] + d_later
        d_cell = d_cell + d_state * cell_slope[step]
        d_gates = tf.concat([d_cell, d_cell, d_cell, d_state], 1) * slopes[step]  # [B,4H]
        return step - 1, tf.matmul(d_gates, back), d_cell * f[step], gates.write(step, d_gates)

    gates = tf.TensorArray(i.dtype, size=steps, element_shape=[None, slopes.shape[2]])
    _, _, _, gates = tf.while_loop(
        lambda step, *_: step >= 0, body, (steps - 1, start, start, gates), parallel_iterations=1
    )
    return gates.stack()
