"""Our CRF and that of TensorFlow Addons as functions of (emissions, tags, transitions, lengths)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.measuring.timing import Contestant
from trainer import crf


def with_gradient(likelihood: Callable[..., tf.Tensor]) -> Contestant:
    def run(emissions: tf.Tensor, tags: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> list:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            loss = -tf.reduce_sum(likelihood(emissions, tags, transitions, lengths))
        return [loss, *tape.gradient(loss, [emissions, transitions])]

    return run


def addons_likelihood(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    from tensorflow_addons.text import crf_log_likelihood

    return crf_log_likelihood(emissions, tags, lengths, transitions)[0]


def addons_decode(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    from tensorflow_addons.text import crf_decode

    return crf_decode(emissions, transitions, lengths)


def our_likelihood(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    return crf.LinearChain(emissions, transitions, lengths=lengths).log_likelihood(tags)


def our_decode(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    return crf.LinearChain(emissions, transitions, lengths=lengths).viterbi()


def our_marginals(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    return crf.LinearChain(emissions, transitions, lengths=lengths).marginals()


def our_k_best(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    return crf.LinearChain(emissions, transitions, lengths=lengths).k_best(5)


def in_graph(run: Contestant, tags: int) -> Contestant:
    """Trace `run` with B and T unknown, so that one trace serves every batch."""
    spec = tf.TensorSpec
    return tf.function(
        run,
        input_signature=[
            spec([None, None, tags]),
            spec([None, None], tf.int32),
            spec([tags, tags]),
            spec([None], tf.int32),
        ],
    )


def compiled(run: Contestant) -> Contestant:
    return tf.function(run, jit_compile=True)
