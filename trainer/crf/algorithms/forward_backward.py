"""log Z, its gradient and the marginals: products of exponentials where they keep their digits, else logarithms.

Both ways live behind one custom gradient in closed form. Which of the two is taken is decided while the graph
runs, once for the value and once more for the gradient, by whether any reachable state ran out of digits. The
potentials are best centred, or the products run out soon.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf.algorithms import exp_space, log_space
from trainer.crf.algorithms.path_score import edge_tags, path_score
from trainer.crf.algorithms.reachable import Reachable, reachable
from trainer.crf.algorithms.time_major import TimeMajor, at_last, batch_major, time_major
from trainer.crf.arguments.potentials import Potentials


def log_norm(potentials: Potentials) -> tf.Tensor:
    """Compute log Z [B]."""
    states = reachable(potentials)

    @tf.custom_gradient
    def run(*scores: tf.Tensor) -> tuple:
        emissions = scores[0]
        rows = time_major(potentials.with_scores(*scores))
        norm, passed = _norm(rows, states)

        def gradient(upstream: tf.Tensor) -> tuple:
            expected = _expected(rows, passed, states, upstream)
            posterior = batch_major(expected.posterior, emissions)
            by_emission = posterior * upstream[:, tf.newaxis, tf.newaxis]
            return by_emission, expected.transitions, expected.start, expected.end

        return norm, gradient

    return run(*potentials.scores())


def log_likelihood(potentials: Potentials, tags: tf.Tensor) -> tf.Tensor:
    """Compute the log-likelihoods [B] of the paths int32[B, T].

    The gradient of each score is how often the path uses it, less how often that is expected.
    """
    states = reachable(potentials)

    @tf.custom_gradient
    def run(*scores: tf.Tensor) -> tuple:
        inner = potentials.with_scores(*scores)
        rows = time_major(inner)
        norm, passed = _norm(rows, states)
        path = path_score(inner, tags)
        # Selected before the difference: where no path is legal both are -inf.
        impossible = tf.constant(float("-inf"), path.dtype)
        legal = path != impossible
        value = tf.where(legal, path - norm, impossible)

        def gradient(upstream: tf.Tensor) -> tuple:
            weights = tf.where(legal, upstream, tf.zeros([], upstream.dtype))
            expected = _expected(rows, passed, states, weights)
            taken = _taken(inner, tags, weights)
            by_emission = taken.tags - batch_major(expected.posterior, inner.emissions)
            by_emission = tf.ensure_shape(by_emission * taken.real[:, :, tf.newaxis], inner.emissions.shape)
            return (
                by_emission,
                taken.transitions - expected.transitions,
                taken.start - expected.start,
                taken.end - expected.end,
            )

        return value, gradient

    return run(*potentials.scores())


def marginals(potentials: Potentials) -> tf.Tensor:
    """Compute the probability [B, T, K] of each tag at each token.

    The gradient is that of the same quantity written with logarithms only and differentiated step by step: slower
    than the closed form, which has no second derivative, and needed only where a loss is put on the marginals.
    """

    @tf.custom_gradient
    def run(*scores: tf.Tensor) -> tuple:
        _, value = norm_and_marginals(potentials.with_scores(*scores))

        def gradient(upstream: tf.Tensor) -> tuple:
            with tf.GradientTape() as tape:
                tape.watch(scores)
                rows = time_major(potentials.with_scores(*scores), blocks=False)
                again = batch_major(log_space.posterior(rows), scores[0])
            return tape.gradient(again, scores, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        return value, gradient

    return run(*potentials.scores())


def pair_marginals(potentials: Potentials) -> tf.Tensor:
    """Compute the probability [B, T-1, K, K] of each pair of tags at two neighbouring tokens."""
    rows = time_major(potentials, blocks=False)
    alpha, _ = log_space.alphas(rows)
    onward = rows.unary + log_space.betas(rows)
    scores = alpha[:-1, :, :, tf.newaxis] + rows.transitions + onward[1:, :, tf.newaxis, :]
    pairs = tf.transpose(log_space.softmax(scores, axis=[2, 3]), [1, 0, 2, 3])
    return tf.where(potentials.valid[:, 1:, tf.newaxis, tf.newaxis], pairs, tf.zeros([], pairs.dtype))


def norm_and_marginals(potentials: Potentials) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute log Z [B] and the marginals [B, T, K] by one forward pass; no gradients."""
    rows, states = time_major(potentials), reachable(potentials)

    def by_logarithms() -> tuple[tf.Tensor, tf.Tensor]:
        return log_space.log_norm(rows), log_space.posterior(rows)

    if states is None:
        norm, posterior = by_logarithms()
    else:
        passed = exp_space.forward(rows, states)
        back = exp_space.backward(rows, passed, states)
        norm, posterior = tf.cond(
            back.sound, lambda: (passed.norm, exp_space.posterior(rows, back)), by_logarithms
        )
    return norm, batch_major(posterior, potentials.emissions)


def path_and_marginals(potentials: Potentials, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute log p [B] of the paths int32[B, T] and the marginals [B, T, K] by one pass; no gradients."""
    rows, states = time_major(potentials), reachable(potentials)

    def by_logarithms() -> tuple[tf.Tensor, tf.Tensor]:
        return path_score(potentials, tags) - log_space.log_norm(rows), log_space.posterior(rows)

    if states is None:
        path, posterior = by_logarithms()
    else:
        passed = exp_space.forward(rows, states)
        back = exp_space.backward(rows, passed, states)
        path, posterior = tf.cond(
            back.sound,
            lambda: (
                exp_space.path_log_probability(rows, passed, back, tags),
                exp_space.posterior(rows, back),
            ),
            by_logarithms,
        )
    return path, batch_major(posterior, potentials.emissions)


def _norm(rows: TimeMajor, states: Reachable | None) -> tuple[tf.Tensor, exp_space.Forward | None]:
    """Compute log Z [B]; also returns the forward pass, None if only logarithms can be used."""
    if states is None:
        return log_space.log_norm(rows), None
    passed = exp_space.forward(rows, states)
    return tf.cond(passed.sound, lambda: passed.norm, lambda: log_space.log_norm(rows)), passed


class _Expected(NamedTuple):
    """How often each score is used in expectation, each sentence counted by its weight."""

    posterior: tf.Tensor  # [T', B, K], not weighted
    transitions: tf.Tensor  # [K, K]
    start: tf.Tensor  # [K]
    end: tf.Tensor  # [K]


def _expected(
    rows: TimeMajor, passed: exp_space.Forward | None, states: Reachable | None, weights: tf.Tensor
) -> _Expected:
    if passed is None or states is None:
        posterior, transitions = log_space.expected_uses(rows, weights)
    else:
        back = exp_space.backward(rows, passed, states)
        posterior, transitions = tf.cond(
            back.sound,
            lambda: (
                exp_space.posterior(rows, back),
                exp_space.expected_steps(rows, passed, back, weights),
            ),
            lambda: log_space.expected_uses(rows, weights),
        )
    each = weights[:, tf.newaxis]
    start = tf.reduce_sum(posterior[0] * each, axis=0)
    return _Expected(
        posterior, transitions, start, tf.reduce_sum(at_last(posterior, rows.lengths) * each, axis=0)
    )


class _Taken(NamedTuple):
    """How often the gold paths use each score, each sentence counted by its weight."""

    tags: tf.Tensor  # [B, T, K], 1 for the path's tag, not weighted
    real: tf.Tensor  # [B, T], the sentence's weight where there is a token
    transitions: tf.Tensor  # [K, K]
    start: tf.Tensor  # [K]
    end: tf.Tensor  # [K]


def _taken(potentials: Potentials, tags: tf.Tensor, weights: tf.Tensor) -> _Taken:
    zero, lengths = tf.zeros([], weights.dtype), potentials.lengths
    number = tf.shape(potentials.transitions)[0]
    real = tf.where(potentials.valid, weights[:, tf.newaxis], zero)
    pairs = tags[:, :-1] * number + tags[:, 1:]
    steps = tf.math.unsorted_segment_sum(real[:, 1:], pairs, number * number)
    first, last = edge_tags(lengths, tags)
    edge = tf.where(lengths > 0, weights, zero)
    return _Taken(
        tags=tf.one_hot(tags, number, dtype=weights.dtype),
        real=real,
        transitions=tf.reshape(steps, tf.shape(potentials.transitions)),
        start=tf.math.unsorted_segment_sum(edge, first, number),
        end=tf.math.unsorted_segment_sum(edge, last, number),
    )
