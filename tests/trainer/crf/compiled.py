"""The CRF functions traced once with dynamic shapes, so that the tests do not trace them again and again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tests.trainer.crf.enumeration import Problem
from trainer import crf


class Answers(NamedTuple):
    """What every function says about one problem."""

    score: Any
    log_norm: Any
    log_likelihood: Any
    by_emissions: Any
    by_transitions: Any
    by_start: Any
    by_end: Any
    tags: Any
    best: Any
    marginals: Any


def answers(
    emissions, tags, transitions, lengths, start, end, allowed, allowed_start, allowed_end
) -> Answers:
    edges = {"lengths": lengths, "start": start, "end": end}
    options = {"allowed": allowed, "allowed_start": allowed_start, "allowed_end": allowed_end, **edges}
    with tf.GradientTape() as tape:
        tape.watch([emissions, transitions, start, end])
        likelihood = crf.log_likelihood(emissions, tags, transitions, **options)
        # Sentences weigh differently, so that a gradient which forgets the weight is seen.
        weights = tf.range(1, tf.shape(lengths)[0] + 1)
        total = tf.reduce_sum(tf.math.multiply_no_nan(likelihood, tf.cast(weights, likelihood.dtype)))
    gradients = tape.gradient(total, [emissions, transitions, start, end])
    best_tags, best = crf.viterbi(emissions, transitions, **options)
    return Answers(
        crf.sequence_score(emissions, tags, transitions, **edges),
        crf.log_norm(emissions, transitions, **options),
        likelihood,
        *gradients,
        best_tags,
        best,
        crf.marginals(emissions, transitions, **options),
    )


@functools.cache
def graph() -> Callable[..., Answers]:
    """All of it in a graph with every axis dynamic and masks that are known only while it runs."""
    spec, double = tf.TensorSpec, tf.float64
    shapes = [
        spec([None, None, None], double),
        spec([None, None], tf.int32),
        spec([None, None], double),
        spec([None], tf.int32),
        spec([None], double),
        spec([None], double),
        spec([None, None], tf.bool),
        spec([None], tf.bool),
        spec([None], tf.bool),
    ]
    return tf.function(answers, input_signature=shapes)


def arguments(problem: Problem) -> list[tf.Tensor]:
    """Every argument filled in: zeros and all-true masks say the same as None."""
    tags = problem.transitions.shape[0]
    filled = problem._replace(
        start=np.zeros(tags) if problem.start is None else problem.start,
        end=np.zeros(tags) if problem.end is None else problem.end,
        allowed=np.ones([tags, tags], bool) if problem.allowed is None else problem.allowed,
        allowed_start=np.ones(tags, bool) if problem.allowed_start is None else problem.allowed_start,
        allowed_end=np.ones(tags, bool) if problem.allowed_end is None else problem.allowed_end,
    )
    return [tf.constant(value) for value in filled]


def as_numpy(found: Answers) -> Answers:
    return Answers(*(np.asarray(value) for value in found))
