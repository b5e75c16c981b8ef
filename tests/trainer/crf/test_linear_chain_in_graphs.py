"""Linear chains in graphs: dynamic shapes, XLA, SavedModels, empty axes and junk in the padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf import LinearChain, Masks

K = 5
MASKS = Masks(allowed=~np.eye(K, k=2, dtype=bool))


def everything(emissions, tags, transitions, lengths, start, end) -> dict[str, tf.Tensor]:
    scores, names = [emissions, transitions, start, end], ("u", "a", "start", "end")
    with tf.GradientTape() as tape:
        tape.watch(scores)
        chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end, masks=MASKS)
        likelihood = chain.log_likelihood(tags)
    gradients = dict(zip([f"by_{name}" for name in names], tape.gradient(likelihood, scores), strict=True))
    with tf.GradientTape() as tape:
        tape.watch(scores)
        chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end, masks=MASKS)
        weighted = chain.log_likelihood(tags, token_weights=tf.ones(tf.shape(tags)))
        partial = chain.partial_log_likelihood(tf.one_hot(tags, K, on_value=True, off_value=False))
        both = weighted + partial
    gradients |= dict(zip([f"both_by_{name}" for name in names], tape.gradient(both, scores), strict=True))
    decoded, best = chain.viterbi()
    path, path_marginals = chain.log_probability_and_marginals(decoded)
    together, together_marginals = chain.k_best_and_marginals(2)
    return {
        "score": chain.score(tags),
        "norm": chain.log_norm(),
        "likelihood": likelihood,
        "weighted": weighted,
        "partial": partial,
        **gradients,
        "decoded": decoded,
        "best": best,
        **chain.k_best(3)._asdict(),
        "marginals": chain.marginals(),
        "pair_marginals": chain.pair_marginals(),
        "path": path,
        "path_marginals": path_marginals,
        "together": together.log_probabilities,
        "together_marginals": together_marginals,
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
    assert found["tags"].shape == (batch, 3, steps)
    assert found["marginals"].shape == (batch, steps, K)
    assert found["pair_marginals"].shape == (batch, max(steps - 1, 0), K, K)
    assert found["by_u"].shape == (batch, steps, K)
    assert found["norm"].shape == (batch,)


def test_weights_of_one_and_sets_of_one_tag_are_the_gold_tags() -> None:
    found = DYNAMIC(*arguments(3, 6))
    for name in ("weighted", "partial"):
        np.testing.assert_allclose(found[name], found["likelihood"], rtol=1e-5, atol=1e-5)
    for name in ("u", "a", "start", "end"):
        np.testing.assert_allclose(found[f"both_by_{name}"], 2 * found[f"by_{name}"], rtol=1e-4, atol=1e-5)


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
    for name in ("by_u", "both_by_u"):
        assert not clean[name].numpy()[padding.numpy()].any()


def test_the_padding_gets_no_gradient_from_anything() -> None:
    emissions, tags, transitions, lengths, start, end = arguments(6, 9, seed=1)
    padding = ~tf.sequence_mask(lengths, 9)
    emissions = tf.where(padding[:, :, tf.newaxis], tf.constant(np.nan, tf.float32), emissions)
    sets = tf.random.stateless_uniform(emissions.shape, [1, 2]) < 0.8

    @tf.function
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(emissions)
            chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end)
            values = [
                chain.score(tags),
                chain.log_norm(),
                chain.log_likelihood(tags, token_weights=tf.ones(tags.shape)),
                chain.partial_log_likelihood(sets),
                chain.marginals()[:, :, :2] ** 2,
                chain.pair_marginals() ** 2,
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
        for name in ("norm", "likelihood", "best", "log_probabilities"):
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
            chain = LinearChain(given[0], transitions, lengths=given[3], start=start, end=end, masks=MASKS)
            loss = -tf.reduce_sum(chain.log_likelihood(given[1]))
        return tape.gradient(loss, variables)

    expected = DYNAMIC(*given)
    for found, name in zip(step(), ("a", "start", "end"), strict=True):
        np.testing.assert_allclose(found, -expected[f"by_{name}"], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("compile_it", [False, True])
def test_marginals_carry_a_gradient(compile_it: bool) -> None:
    emissions, _, transitions, lengths, start, end = (
        tf.cast(value, tf.float64) if value.dtype.is_floating else value for value in arguments(2, 4, seed=5)
    )
    weights = tf.constant(np.random.default_rng(9).normal(size=[2, 4, K]))

    def value(emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        chain = LinearChain(emissions, transitions, lengths=lengths, start=start, end=end, masks=MASKS)
        return tf.reduce_sum(chain.marginals() * weights)

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
                likelihood = LinearChain(given[0], transitions, lengths=given[3]).log_likelihood(given[1])
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
                norm = LinearChain(emissions, transitions, lengths=[4, 3]).log_norm()
            slope = tf.reduce_sum(inner.gradient(norm, emissions) * along)
        return outer.gradient(slope, emissions)

    with tf.GradientTape() as tape:
        tape.watch(emissions)
        slope = tf.reduce_sum(LinearChain(emissions, transitions, lengths=[4, 3]).marginals() * along)
    np.testing.assert_allclose(twice(), tape.gradient(slope, emissions), rtol=1e-9, atol=1e-12)
