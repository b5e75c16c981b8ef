"""Tags, sets and spans that do not fit the chain."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf import LinearChain, Masks

U, A, L = np.zeros([2, 3, 3]), np.zeros([3, 3]), [3, 2]
Y = np.zeros([2, 3], np.int32)
BIO = Masks(
    allowed=np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool),  # O, B, I: no I after O
    start=np.array([True, True, False]),
    end=np.array([True, False, True]),
)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("log_likelihood", [np.full([2, 3], 3)], r"tags\[0, 0\]: expected 0\.\.2, got 3"),
        ("score", [np.full([2, 3], -1)], r"tags\[0, 0\]: expected 0\.\.2, got -1"),
        ("log_likelihood", [np.zeros([2, 4], np.int32)], r"tags: expected shape \(2, 3\)"),
        ("log_likelihood", [np.zeros([2, 3])], "tags: expected tag numbers"),
        ("partial_log_likelihood", [np.ones([2, 3, 3])], "tag_sets: expected booleans"),
        ("partial_log_likelihood", [np.ones([2, 3, 4], bool)], r"tag_sets: .*of shape \(2, 3, 3\)"),
        ("span_log_probability", [Y, [[0, 1]]], r"spans: expected whole numbers of shape \[S, 3\]"),
    ],
)
def test_wrong_arguments(method: str, arguments: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(LinearChain(U, A, lengths=L), method)(*arguments)


@pytest.mark.parametrize("weights", [{"token_weights": np.ones([2, 4])}, {"sequence_weights": np.ones(3)}])
def test_weights_of_another_shape(weights: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="weights: expected numbers of shape"):
        LinearChain(U, A, lengths=L).log_likelihood(Y, **weights)


@pytest.mark.parametrize("tags", [Y + 3, Y - 1])
def test_wrong_tags_in_a_graph(tags: np.ndarray) -> None:
    function = tf.function(
        lambda tags: LinearChain(U, A, lengths=L).log_likelihood(tags),
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected each within"):
        function(tags)


@pytest.mark.parametrize("spans", [[[0, 0, 4]], [[2, 0, 1]], [[0, 2, 1]], [[1, 0, 3]], [[0, -1, 1]]])
def test_spans_outside_their_sentence(spans: list[list[int]]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="spans: expected row"):
        LinearChain(U, A, lengths=L).span_log_probability(Y, spans)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([[0, 0, 2], [0, 0, 0]], r"tags\[0, 2\].*masks\.allowed has no step from tag 0 to tag 2"),
        ([[0, 0, 0], [2, 0, 0]], r"tags\[1, 0\].*masks\.start has no tag 2"),
        ([[0, 0, 0], [0, 1, 0]], r"tags\[1, 1\].*masks\.end has no tag 1"),
    ],
)
def test_gold_tags_that_the_masks_forbid(tags: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearChain(U, A, lengths=L, masks=BIO).log_likelihood(tags)


def test_forbidden_gold_tags_in_a_graph_are_impossible_and_send_no_gradient() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None, 3])])
    def run(tags: tf.Tensor, emissions: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(emissions)
            chain = LinearChain(emissions, A.astype(np.float32), lengths=L, masks=BIO._replace(end=None))
            likelihood = chain.log_likelihood(tags)
        return [likelihood, tape.gradient(likelihood, emissions)]

    likelihood, gradient = run([[0, 2, 0], [0, 1, 2]], U.astype(np.float32))
    assert likelihood[0] == -np.inf
    assert np.isfinite(likelihood[1])
    assert not gradient.numpy()[0].any()
    assert gradient.numpy()[1, :2].any()
