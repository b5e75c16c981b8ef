from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.model.lstm import Lstm, bidirectional

FORWARD = Lstm(3, 4, seed=1, name="forward")
BACKWARD = Lstm(3, 4, seed=2, name="backward")
FORWARD.bias.assign(tf.linspace(-1.0, 1.0, 16))
BACKWARD.bias.assign(tf.linspace(0.5, -0.7, 16))
WEIGHTS = [
    weight for lstm in (FORWARD, BACKWARD) for weight in (lstm.kernel, lstm.recurrent_kernel, lstm.bias)
]


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


def _problem(lengths: list[int], seed: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sentences [B,T,3], their lengths, and gradients of their states [B,T,8], which are 0 at the padding."""
    steps = max(1, *lengths)
    random = np.random.default_rng(seed)
    x = random.normal(size=[len(lengths), steps, 3])
    d_states = random.normal(size=[len(lengths), steps, 8])
    d_states *= (np.arange(steps) < np.array(lengths)[:, np.newaxis])[:, :, np.newaxis]
    return tf.constant(x, tf.float32), tf.constant(lengths, tf.int32), tf.constant(d_states, tf.float32)


def _keras_in_float64(x: tf.Tensor, lengths: tf.Tensor, d_states: tf.Tensor) -> list[np.ndarray]:
    """Gradients of `x` and of the six weights by plain Keras layers, a sentence at a time: no padding, no fusing."""
    layers = [tf.keras.layers.LSTM(4, return_sequences=True, dtype="float64", unroll=True) for _ in range(2)]
    for layer, weights in zip(layers, (WEIGHTS[:3], WEIGHTS[3:]), strict=True):
        layer.build(tf.TensorShape([None, None, 3]))
        layer.set_weights([weight.numpy().astype(np.float64) for weight in weights])
    total = [np.zeros(x.shape), *(np.zeros(weight.shape) for weight in WEIGHTS)]
    for row, length in enumerate(lengths.numpy()):
        if not length:
            continue
        sentence = tf.cast(x[row : row + 1, :length], tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(sentence)
            states = tf.concat([layers[0](sentence), layers[1](sentence[:, ::-1])[:, ::-1]], 2)
            loss = tf.reduce_sum(states * tf.cast(d_states[row : row + 1, :length], tf.float64))
        watched = [sentence, *layers[0].trainable_weights, *layers[1].trainable_weights]
        of_input, *of_weights = tape.gradient(loss, watched)
        total[0][row, :length] = of_input[0]
        total[1:] = [sum_ + found.numpy() for sum_, found in zip(total[1:], of_weights, strict=True)]
    return total


@tf.function(reduce_retracing=True)
def _gradients(x: tf.Tensor, lengths: tf.Tensor, d_states: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(bidirectional(x, lengths, FORWARD, BACKWARD) * d_states)
    return tape.gradient(loss, [x, *WEIGHTS])


@pytest.mark.parametrize(("fused", "devices"), [(True, []), (False, []), (False, ["a GPU"])])
def test_both_directions_equal_the_equations_within_each_length(
    fused: bool, devices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is exported, what trains on a CPU, and what trains on a GPU."""
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda _: devices)
    x, lengths, _ = _problem([5, 2, 0], seed=0)
    states = bidirectional(x, lengths, FORWARD, BACKWARD, fused=fused).numpy()
    for row, length in enumerate(lengths.numpy()):
        ahead = _numpy_lstm(x[row, :length].numpy(), FORWARD)
        behind = _numpy_lstm(x[row, :length].numpy()[::-1], BACKWARD)[::-1]
        np.testing.assert_allclose(states[row, :length], np.concatenate([ahead, behind], 1), atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(0, 1000))
def test_gradients_equal_those_of_plain_keras_layers(lengths: list[int], seed: int) -> None:
    problem = _problem(lengths, seed)
    for found, expected in zip(_gradients(*problem), _keras_in_float64(*problem), strict=True):
        np.testing.assert_allclose(found.numpy(), expected, atol=3e-6)


def test_one_trace_serves_every_length_and_batch() -> None:
    _gradients(*_problem([3, 1], seed=0))
    before = _gradients.experimental_get_tracing_count()
    for lengths in ([9, 4], [1], [2, 0, 7]):
        _gradients(*_problem(lengths, seed=0))
    assert _gradients.experimental_get_tracing_count() - before <= 1  # the relaxed shape's own


def test_the_keras_layer_runs_where_there_is_a_gpu_and_never_in_what_is_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def operations(fused: bool, devices: list[str]) -> set[str]:
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda _: devices)
        run = tf.function(lambda x: bidirectional(x, tf.constant([3, 1]), FORWARD, BACKWARD, fused=fused))
        graph = run.get_concrete_function(tf.TensorSpec([2, 3, 3])).graph
        branches = graph.as_graph_def().library.function
        return {operation.type for operation in graph.get_operations()} | {
            node.op for branch in branches for node in branch.node_def
        }

    assert "BlockLSTMV2" in operations(fused=False, devices=[])
    assert "BlockLSTMV2" in operations(fused=True, devices=["GPU:0"])
    assert "BlockLSTMV2" not in operations(fused=False, devices=["GPU:0"])


WIDE = [Lstm(16, 4, seed=seed, name="wide") for seed in (3, 4)]
for _lstm, _bias in zip(WIDE, (0.7, -0.4), strict=True):
    _lstm.bias.assign(tf.linspace(_bias, -_bias, 16))


@tf.function(
    input_signature=[tf.TensorSpec([None, None, 16]), tf.TensorSpec([None], tf.int32)], autograph=False
)
def _exported(x: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    return bidirectional(x, lengths, *WIDE, fused=True)


# Of 16 inputs: 8 tokens are the most whose products are made beforehand.
@pytest.mark.parametrize(
    ("length", "steps"), [(1, 1), (0, 1), (8, 8), (5, 8), (1, 8), (9, 9), (6, 9), (30, 30)]
)
def test_a_single_sentence_equals_the_equations_however_long(length: int, steps: int) -> None:
    x = np.random.default_rng(steps).normal(size=[1, steps, 16]).astype(np.float32)
    states = _exported(tf.constant(x), tf.constant([length])).numpy()
    assert states.shape == (1, steps, 8)
    ahead = _numpy_lstm(x[0, :length], WIDE[0])
    behind = _numpy_lstm(x[0, :length][::-1], WIDE[1])[::-1]
    np.testing.assert_allclose(states[0, :length], np.concatenate([ahead, behind], 1), atol=1e-6)
    beside = _exported(tf.constant(np.repeat(x, 2, 0)), tf.constant([length, steps])).numpy()
    np.testing.assert_allclose(beside[0, :length], states[0, :length], atol=1e-6)


def test_an_empty_batch_of_gradients_leaves_the_weights_alone() -> None:
    """A sentence of length 0 alone, as a replica without a sentence has it."""
    for found in _gradients(*_problem([0], seed=1)):
        np.testing.assert_array_equal(found, np.zeros(found.shape))
