"""Errors that name the argument, what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer import crf

U, Y, A, L = np.zeros([2, 4, 3]), np.zeros([2, 4], np.int32), np.zeros([3, 3]), np.array([4, 2], np.int32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emissions": np.zeros([4, 3])}, r"emissions: expected shape \[B, T, K\].*\(4, 3\)"),
        (
            {"emissions": np.zeros([2, 4, 3], np.int32)},
            "emissions: expected floating-point scores, got int32",
        ),
        ({"transitions": np.zeros([4, 4])}, r"transitions: expected \[K, K\] with K = 3.*\(4, 4\)"),
        ({"transitions": np.zeros(3)}, r"transitions: expected shape \[K, K\]"),
        ({"lengths": [4, 5]}, r"lengths\[1\]: expected 0\.\.4 \(T of emissions\), got 5"),
        ({"lengths": [-1, 2]}, r"lengths\[0\]: expected 0\.\.4 .*got -1"),
        ({"lengths": [4]}, r"lengths: expected \[2\]"),
        ({"lengths": [4.0, 2.0]}, "lengths: expected whole numbers"),
        ({"start": np.zeros(4)}, r"start: expected shape \[3\], got \(4,\)"),
        ({"end": np.zeros([3, 1])}, r"end: expected shape \[3\]"),
        ({"allowed": np.ones([3, 3])}, "allowed: expected booleans"),
        ({"allowed_start": np.ones(2, bool)}, r"allowed_start: expected shape \[3\]"),
        ({"tags": np.full([2, 4], 3)}, r"tags\[0, 0\]: expected 0\.\.2, got 3"),
        ({"tags": np.zeros([2, 3], np.int32)}, r"tags: expected shape \(2, 4\)"),
        ({"tags": np.zeros([2, 4])}, "tags: expected tag numbers"),
    ],
)
def test_wrong_arguments(changes: dict, message: str) -> None:
    given = {"emissions": U, "tags": Y, "transitions": A, "lengths": L, **changes}
    with pytest.raises(ValueError, match=message):
        crf.log_likelihood(**given)


@pytest.mark.parametrize(("lengths", "tags"), [([5, 2], Y), ([4, -1], Y), ([4, 2], Y + 3), ([4, 2], Y - 1)])
def test_wrong_values_in_a_graph(lengths: list[int], tags: np.ndarray) -> None:
    function = tf.function(
        lambda tags, lengths: crf.log_likelihood(U, tags, A, lengths=lengths),
        input_signature=[tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)],
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected each within"):
        function(tags, lengths)


def test_types_are_kept_or_widened() -> None:
    for given, expected in (
        (tf.float16, tf.float32),
        (tf.bfloat16, tf.float32),
        (tf.float32, tf.float32),
        (tf.float64, tf.float64),
    ):
        assert crf.log_norm(tf.cast(U, given), tf.cast(A, given), lengths=L).dtype == expected
