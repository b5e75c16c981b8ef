import numpy as np
import tensorflow as tf

from trainer.recurrent import Lstm, bidirectional

FORWARD = Lstm(3, 4, seed=1, name="forward")
BACKWARD = Lstm(3, 4, seed=2, name="backward")
FORWARD.bias.assign(tf.linspace(-1.0, 1.0, 16))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _numpy_lstm(x: np.ndarray, lstm: Lstm) -> np.ndarray:
    """One sentence [T,D] by the equations of Hochreiter & Schmidhuber with a forget gate: [T,H]."""
    kernel, recurrent, bias = (
        v.numpy().astype(np.float64) for v in (lstm.kernel, lstm.recurrent_kernel, lstm.bias)
    )
    hidden = cell = np.zeros(4)
    states = []
    for step in x.astype(np.float64):
        i, f, c, o = np.split(step @ kernel + hidden @ recurrent + bias, 4)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(c)
        hidden = _sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.array(states).reshape(-1, 4)


def test_both_directions_equal_the_equations_within_each_length() -> None:
    x = np.random.default_rng(0).normal(size=[3, 5, 3]).astype(np.float32)
    lengths = [5, 2, 0]
    for fused in (False, True):
        states = bidirectional(tf.constant(x), tf.constant(lengths), FORWARD, BACKWARD, fused=fused).numpy()
        for row, length in enumerate(lengths):
            ahead = _numpy_lstm(x[row, :length], FORWARD)
            behind = _numpy_lstm(x[row, :length][::-1], BACKWARD)[::-1]
            np.testing.assert_allclose(states[row, :length], np.concatenate([ahead, behind], 1), atol=1e-6)
