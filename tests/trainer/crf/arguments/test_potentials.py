"""Errors that name the argument, the expected and the actual value; types and static shapes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf import LinearChain, Masks

U, A, L = np.zeros([2, 4, 3]), np.zeros([3, 3]), np.array([4, 2], np.int32)


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
        ({"masks": Masks(allowed=np.ones([3, 3]))}, r"masks\.allowed: expected booleans"),
        ({"masks": Masks(start=np.ones(2, bool))}, r"masks\.start: expected shape \[3\]"),
        ({"masks": [np.ones([3, 3], bool)]}, r"masks: expected \(allowed, start, end\).*got 1 value"),
    ],
)
def test_wrong_arguments(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearChain(**{"emissions": U, "transitions": A, "lengths": L, **changes})


@pytest.mark.parametrize("lengths", [[5, 2], [4, -1]])
def test_wrong_lengths_in_a_graph(lengths: list[int]) -> None:
    function = tf.function(
        lambda lengths: LinearChain(U, A, lengths=lengths).log_norm(),
        input_signature=[tf.TensorSpec([None], tf.int32)],
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected each within"):
        function(lengths)


def test_types_are_kept_or_widened() -> None:
    for given, expected in (
        (tf.float16, tf.float32),
        (tf.bfloat16, tf.float32),
        (tf.float32, tf.float32),
        (tf.float64, tf.float64),
    ):
        assert LinearChain(tf.cast(U, given), tf.cast(A, given), lengths=L).log_norm().dtype == expected


@pytest.mark.parametrize(("emissions", "lengths"), [(None, 2), (2, None)])
def test_the_batch_size_of_one_argument_is_that_of_the_other(
    emissions: int | None, lengths: int | None
) -> None:
    """Loops carry tensors made of either: where only one had a static size, they would change their shape."""
    batch = {"emissions": U, "lengths": L}

    @tf.function(
        input_signature=[tf.TensorSpec([emissions, None, 3], tf.float64), tf.TensorSpec([lengths], tf.int32)]
    )
    def traced(emissions: tf.Tensor, lengths: tf.Tensor) -> tuple:
        chain = LinearChain(emissions, A, lengths=lengths)
        assert chain.potentials.emissions.shape[0] == chain.potentials.lengths.shape[0] == 2
        return chain.viterbi(), chain.k_best(3), chain.log_norm()

    for row in tf.nest.flatten(traced(**batch)):
        assert row.shape[0] == 2
