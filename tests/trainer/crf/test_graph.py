"""Graphs: dynamic shapes, XLA, SavedModels, empty axes and what lies in the padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer import crf

K = 5
ALLOWED = ~np.eye(K, k=2, dtype=bool)


def everything(emissions, tags, transitions, lengths, start, end) -> dict[str, tf.Tensor]:
    options = {"lengths": lengths, "start": start, "end": end, "allowed": ALLOWED}
    with tf.GradientTape() as tape:
        tape.watch([emissions, transitions, start, end])
        likelihood = crf.log_likelihood(emissions, tags, transitions, **options)
    gradients = tape.gradient(likelihood, [emissions, transitions, start, end])
    decoded, best = crf.viterbi(emissions, transitions, **options)
    paths, scores, logs = crf.k_best(emissions, transitions, k=3, **options)
    return {
        "score": crf.sequence_score(emissions, tags, transitions, lengths=lengths, start=start, end=end),
        "norm": crf.log_norm(emissions, transitions, **options),
        "likelihood": likelihood,
        **dict(zip(("by_u", "by_a", "by_start", "by_end"), gradients, strict=True)),
        "decoded": decoded,
        "best": best,
        "paths": paths,
        "scores": scores,
        "logs": logs,
        "marginals": crf.marginals(emissions, transitions, **options),
    }


SIGNATURE = [
    tf.TensorSpec([None, None, K]),
    tf.TensorSpec([None, None], tf.int32),
    tf.TensorSpec([K, K]),
    tf.TensorSpec([None], tf.int32),
    tf.TensorSpec([K]),
    tf.TensorSpec([K]),
]
DYNAMIC = tf.function(everything, input_signature=SIGNATURE)
COMPILED = tf.function(everything, jit_compile=True)


def arguments(batch: int, steps: int, *, seed: int = 0) -> list[tf.Tensor]:
    random = np.random.default_rng(seed)
    values = [
        random.normal(size=[batch, steps, K]).astype(np.float32),
        np.ones([batch, steps], np.int32),
        random.normal(size=[K, K]).astype(np.float32),
        random.integers(0, steps + 1, batch).astype(np.int32),
        random.normal(size=K).astype(np.float32),
        random.normal(size=K).astype(np.float32),
    ]
    return [tf.constant(value) for value in values]


def same(one: dict[str, tf.Tensor], other: dict[str, tf.Tensor]) -> None:
    for name, value in one.items():
        assert value.dtype == other[name].dtype
        np.testing.assert_allclose(value, other[name], rtol=2e-5, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("shape", [(3, 7), (2, 1), (2, 0), (0, 4), (0, 0), (1, 25)])
def test_compiled_by_xla_with_gradients(shape: tuple[int, int]) -> None:
    given = arguments(*shape)
    same(COMPILED(*given), DYNAMIC(*given))


@pytest.mark.parametrize("shape", [(3, 7), (2, 1), (2, 0), (0, 4), (0, 0)])
def test_shapes_eagerly_and_in_a_graph(shape: tuple[int, int]) -> None:
    given = arguments(*shape)
    found = everything(*given)
    same(found, DYNAMIC(*given))
    batch, steps = shape
    assert found["decoded"].shape == (batch, steps)
    assert found["paths"].shape == (batch, 3, steps)
    assert found["marginals"].shape == (batch, steps, K)
    assert found["by_u"].shape == (batch, steps, K)
    assert found["norm"].shape == (batch,)


def test_one_trace_serves_every_length() -> None:
    function = tf.function(everything, input_signature=SIGNATURE)
    for steps in (0, 1, 2, 9, 30):
        function(*arguments(2, steps))
    assert function.experimental_get_tracing_count() == 1


def test_the_padding_reaches_nothing() -> None:
    emissions, tags, *rest = arguments(6, 9, seed=1)
    clean = DYNAMIC(emissions, tags, *rest)
    padding = ~tf.sequence_mask(rest[1], 9)
    for junk, tag in ((np.nan, -1), (np.inf, -100), (-np.inf, 99), (3e38, 1)):
        dirty = DYNAMIC(
            tf.where(padding[:, :, tf.newaxis], tf.constant(junk, tf.float32), emissions),
            tf.where(padding, tag, tags),
            *rest,
        )
        for name, value in clean.items():
            np.testing.assert_array_equal(dirty[name], value, err_msg=name)
    assert not clean["by_u"].numpy()[padding.numpy()].any()


def test_the_padding_gets_no_gradient_from_anything() -> None:
    emissions, tags, transitions, lengths, start, end = arguments(6, 9, seed=1)
    padding = ~tf.sequence_mask(lengths, 9)
    emissions = tf.where(padding[:, :, tf.newaxis], tf.constant(np.nan, tf.float32), emissions)
    edges = {"lengths": lengths, "start": start, "end": end}
    sets = tf.random.stateless_uniform(emissions.shape, [1, 2]) < 0.8

    @tf.function
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(emissions)
            given = (emissions, tags, transitions)
            values = [
                crf.sequence_score(*given, **edges),
                crf.log_norm(emissions, transitions, allowed=ALLOWED, **edges),
                crf.log_likelihood(*given, token_weights=tf.ones(tags.shape), **edges),
                crf.log_likelihood(*given, tag_sets=sets, **edges),
                crf.marginals(emissions, transitions, **edges)[:, :, :2] ** 2,
                crf.pair_marginals(emissions, transitions, **edges) ** 2,
            ]
        return [tape.gradient(value, emissions) for value in values]

    for found in gradients():
        assert found.numpy()[~padding.numpy()].any()
        assert not found.numpy()[padding.numpy()].any()


def test_alone_and_in_a_batch_give_the_same() -> None:
    emissions, tags, transitions, lengths, *edges = arguments(6, 9, seed=2)
    together = DYNAMIC(emissions, tags, transitions, lengths, *edges)
    for row, length in enumerate(lengths.numpy()):
        alone = DYNAMIC(
            emissions[row : row + 1, :length],
            tags[row : row + 1, :length],
            transitions,
            lengths[row : row + 1],
            *edges,
        )
        for name in ("norm", "likelihood", "best", "logs"):
            np.testing.assert_allclose(alone[name][0], together[name][row], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(alone["decoded"][0], together["decoded"][row, :length])
        np.testing.assert_allclose(
            alone["marginals"][0], together["marginals"][row, :length], rtol=1e-4, atol=1e-6
        )


def test_saved_and_loaded(tmp_path: Path) -> None:
    module = tf.Module()
    module.run = DYNAMIC
    tf.saved_model.save(module, str(tmp_path), signatures={"everything": DYNAMIC.get_concrete_function()})
    loaded = tf.saved_model.load(str(tmp_path))
    given = arguments(3, 6)
    same(loaded.run(*given), DYNAMIC(*given))
    # Nothing in it that a stock server would have to compile or to link.
    graph = DYNAMIC.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    assert not [node.op for node in nodes if "Xla" in node.op or "PyFunc" in node.op]


def test_trainable_scores_get_gradients() -> None:
    given = arguments(3, 6)
    variables = [tf.Variable(given[index]) for index in (2, 4, 5)]

    @tf.function
    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            transitions, start, end = variables
            loss = -tf.reduce_sum(
                crf.log_likelihood(
                    given[0], given[1], transitions, lengths=given[3], start=start, end=end, allowed=ALLOWED
                )
            )
        return tape.gradient(loss, variables)

    expected = DYNAMIC(*given)
    for found, name in zip(step(), ("by_a", "by_start", "by_end"), strict=True):
        np.testing.assert_allclose(found, -expected[name], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("compile_it", [False, True])
def test_marginals_carry_a_gradient(compile_it: bool) -> None:
    emissions, _, transitions, lengths, start, end = (
        tf.cast(value, tf.float64) if value.dtype.is_floating else value for value in arguments(2, 4, seed=5)
    )
    weights = tf.constant(np.random.default_rng(9).normal(size=[2, 4, K]))

    def value(emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        found = crf.marginals(emissions, transitions, lengths=lengths, start=start, end=end, allowed=ALLOWED)
        return tf.reduce_sum(found * weights)

    @tf.function(jit_compile=compile_it)
    def gradient(*given: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(given)
            found = value(*given)
        return tape.gradient(found, given)

    given = [emissions, transitions, start, end]
    random, small = np.random.default_rng(11), 1e-6
    ahead = [tf.constant(random.normal(size=one.shape)) for one in given]
    plus = value(*(one + small * way for one, way in zip(given, ahead, strict=True)))
    minus = value(*(one - small * way for one, way in zip(given, ahead, strict=True)))
    slope = sum(float(tf.reduce_sum(g * way)) for g, way in zip(gradient(*given), ahead, strict=True))
    np.testing.assert_allclose(slope, (plus - minus) / (2 * small), rtol=1e-6)


def test_under_a_mirrored_strategy() -> None:
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    given = arguments(3, 6)
    with strategy.scope():
        transitions = tf.Variable(given[2])

    @tf.function
    def step() -> tf.Tensor:
        def replica() -> tf.Tensor:
            with tf.GradientTape() as tape:
                likelihood = crf.log_likelihood(given[0], given[1], transitions, lengths=given[3])
            return tape.gradient(likelihood, transitions)

        return strategy.run(replica)

    assert np.isfinite(step().numpy()).all()


@pytest.mark.parametrize("scale", [1.0, 500.0])
def test_second_derivatives_of_log_norm_are_those_of_the_marginals(scale: float) -> None:
    """Through the products of exponentials, and through the logarithms."""
    random = np.random.default_rng(12)
    emissions = tf.constant(random.normal(size=[2, 4, K]))
    transitions, along = tf.constant(random.normal(size=[K, K])) * scale, random.normal(size=[2, 4, K])

    @tf.function
    def twice() -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(emissions)
            with tf.GradientTape() as inner:
                inner.watch(emissions)
                norm = crf.log_norm(emissions, transitions, lengths=[4, 3])
            slope = tf.reduce_sum(inner.gradient(norm, emissions) * along)
        return outer.gradient(slope, emissions)

    with tf.GradientTape() as tape:
        tape.watch(emissions)
        slope = tf.reduce_sum(crf.marginals(emissions, transitions, lengths=[4, 3]) * along)
    np.testing.assert_allclose(twice(), tape.gradient(slope, emissions), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("known", ["lengths", "emissions"])
@pytest.mark.parametrize("batch", [1, 2])
def test_the_best_path_where_one_argument_alone_tells_the_batch(known: str, batch: int) -> None:
    emissions, _, transitions, lengths, *_ = arguments(batch, 9, seed=3)
    rows = {"lengths": (None, batch), "emissions": (batch, None)}[known]
    signature = [tf.TensorSpec([rows[0], None, K]), tf.TensorSpec([rows[1]], tf.int32)]

    @tf.function(input_signature=signature, autograph=False)
    def traced(emissions: tf.Tensor, lengths: tf.Tensor) -> list[tf.Tensor]:
        found = crf.k_best(emissions, transitions, k=3, lengths=lengths, allowed=ALLOWED)
        return [*crf.viterbi(emissions, transitions, lengths=lengths, allowed=ALLOWED), *found]

    expected = [
        *crf.viterbi(emissions, transitions, lengths=lengths, allowed=ALLOWED),
        *crf.k_best(emissions, transitions, k=3, lengths=lengths, allowed=ALLOWED),
    ]
    for found, right in zip(traced(emissions, lengths), expected, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-6)
