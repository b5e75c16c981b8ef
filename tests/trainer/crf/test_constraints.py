"""Static masks."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer import crf
from trainer.crf.arguments import chain
from trainer.crf.constraints import reach

U, A, L = np.zeros([2, 3, 3]), np.zeros([3, 3]), [3, 2]
ALLOWED = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool)  # O, B, I: no I after O
START = np.array([True, True, False])


def table(**masks: np.ndarray):
    return reach(chain(U, A, lengths=L, **masks))


def test_reach_of_bio() -> None:
    found = table(allowed=ALLOWED, allowed_start=START)
    assert found is not None
    np.testing.assert_array_equal(found.from_start, [[True, True, False], [True, True, True]])
    assert found.from_end.all()


def test_reach_that_never_settles_is_none() -> None:
    round_robin = np.roll(np.eye(3, dtype=bool), 1, axis=1)
    assert table(allowed=round_robin, allowed_start=np.array([True, False, False])) is None


def test_gold_tags_that_the_masks_forbid_are_told_where() -> None:
    for tags, message in (
        ([[0, 0, 2], [0, 0, 0]], r"tags\[0, 2\].*`allowed` has no step from tag 0 to tag 2"),
        ([[0, 0, 0], [2, 0, 0]], r"tags\[1, 0\].*`allowed_start` has no tag 2"),
        ([[0, 0, 0], [0, 1, 0]], r"tags\[1, 1\].*`allowed_end` has no tag 1"),
    ):
        with pytest.raises(ValueError, match=message):
            crf.log_likelihood(
                U,
                tags,
                A,
                lengths=L,
                allowed=ALLOWED,
                allowed_start=START,
                allowed_end=np.array([True, False, True]),
            )


def test_in_a_graph_they_are_impossible_and_send_no_gradient() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None, 3])])
    def run(tags: tf.Tensor, emissions: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(emissions)
            found = crf.log_likelihood(emissions, tags, A.astype(np.float32), lengths=L, allowed=ALLOWED)
        return [found, tape.gradient(found, emissions)]

    likelihood, gradient = run([[0, 2, 0], [0, 1, 2]], U.astype(np.float32))
    assert likelihood[0] == -np.inf
    assert np.isfinite(likelihood[1])
    assert not gradient.numpy()[0].any()
    assert gradient.numpy()[1, :2].any()


def test_no_legal_path_at_all() -> None:
    nothing = {"lengths": [3, 0], "allowed": np.zeros([3, 3], bool)}
    np.testing.assert_array_equal(crf.log_norm(U, A, **nothing), [-np.inf, 0])
    assert not crf.marginals(U, A, **nothing).numpy().any()
    assert crf.viterbi(U, A, **nothing)[1][0] == -np.inf
    assert (crf.k_best(U, A, k=2, **nothing)[2].numpy()[0] == -np.inf).all()
