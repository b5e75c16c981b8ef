"""Products of exponentials where they keep their digits, logarithms where they do not: one log Z, one
gradient.

Both live behind one custom gradient in closed form. Which of the two answers is decided while the graph
runs, once for the value and once more for the gradient, by whether any reachable state ran out of
digits.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf import forward_backward as fast
from trainer.crf import log_space
from trainer.crf.arguments import Chain
from trainer.crf.blocks import batch_major, block_of, time_major
from trainer.crf.constraints import Reach, reach
from trainer.crf.scores import edge_tags, path_score


class Scores(NamedTuple):
    """What both ways of computing start from."""

    unary: tf.Tensor  # [T', B, K], T padded to whole blocks
    transitions: tf.Tensor  # [K, K]
    start: tf.Tensor  # [K]
    end: tf.Tensor  # [K]
    lengths: tf.Tensor  # int32[B]


def log_norm(chain: Chain) -> tf.Tensor:
    """log Z [B] of a checked chain; best centred (see `likelihood.centred`), or the products run out of digits soon."""
    table = reach(chain)

    @tf.custom_gradient
    def run(emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tuple:
        scores = _scores(emissions, transitions, start, end, chain.lengths)
        norm, passed = _value(scores, table)

        def gradient(upstream: tf.Tensor) -> tuple:
            posterior, by_transition = uses(scores, passed, table, upstream)
            by_emission = batch_major(posterior, emissions) * upstream[:, tf.newaxis, tf.newaxis]
            return by_emission, by_transition, *edge_uses(posterior, chain.lengths, upstream)

        return norm, gradient

    return run(chain.emissions, chain.transitions, chain.start_scores(), chain.end_scores())


def log_likelihood(chain: Chain, tags: tf.Tensor) -> tf.Tensor:
    """[B]; `tags` int32[B, T] come from `checked_tags`. The gradient is what the path uses less what is
    expected."""
    table = reach(chain)
    lengths = chain.lengths

    @tf.custom_gradient
    def run(emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tuple:
        scores = _scores(emissions, transitions, start, end, lengths)
        norm, passed = _value(scores, table)
        path = path_score(
            chain._replace(emissions=emissions, transitions=transitions, start=start, end=end), tags
        )
        # Selected before the difference: where no path is legal both are -inf.
        impossible = tf.constant(float("-inf"), path.dtype)
        legal = path != impossible
        value = tf.where(legal, path - norm, impossible)

        def gradient(upstream: tf.Tensor) -> tuple:
            weights = tf.where(legal, upstream, tf.zeros([], upstream.dtype))
            posterior, by_transition = uses(scores, passed, table, weights)
            by_start, by_end = edge_uses(posterior, lengths, weights)
            number = tf.shape(transitions)[0]
            real = tf.where(chain.valid, weights[:, tf.newaxis], tf.zeros([], weights.dtype))  # [B, T]
            by_emission = tf.one_hot(tags, number, dtype=weights.dtype) - batch_major(posterior, emissions)
            by_emission = tf.ensure_shape(by_emission * real[:, :, tf.newaxis], emissions.shape)
            pairs = tags[:, :-1] * number + tags[:, 1:]
            taken = tf.math.unsorted_segment_sum(real[:, 1:], pairs, number * number)
            taken = tf.reshape(taken, tf.shape(transitions))
            first, last = edge_tags(lengths, tags)
            edge = tf.where(lengths > 0, weights, tf.zeros([], weights.dtype))
            begun = tf.math.unsorted_segment_sum(edge, first, number)
            ended = tf.math.unsorted_segment_sum(edge, last, number)
            return by_emission, taken - by_transition, begun - by_start, ended - by_end

        return value, gradient

    return run(chain.emissions, chain.transitions, chain.start_scores(), chain.end_scores())


def uses(
    scores: Scores, passed: fast.Forward | None, table: Reach | None, weights: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The posterior [T', B, K], and the expected steps [K, K], each sentence counted `weights` [B] times."""
    if passed is None or table is None:
        return log_space.expected_uses(*scores, weights)
    found = fast.backward(passed, scores.end, scores.lengths, table)
    return tf.cond(
        found.sound,
        lambda: (
            fast.posterior(found, scores.lengths),
            fast.transition_uses(passed, found, weights, scores.lengths),
        ),
        lambda: log_space.expected_uses(*scores, weights),
    )


def edge_uses(posterior: tf.Tensor, lengths: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """[K] each: how often each tag is expected first and last, each sentence counted `weights` [B] times."""
    each = weights[:, tf.newaxis]
    first = tf.reduce_sum(posterior[0] * each, axis=0)
    return first, tf.reduce_sum(log_space.at_last(posterior, lengths) * each, axis=0)


def tag_marginals(chain: Chain) -> tf.Tensor:
    """[B, T, K] of a checked chain; carries no gradient by itself."""
    return norm_and_marginals(chain)[1]


def norm_and_marginals(chain: Chain) -> tuple[tf.Tensor, tf.Tensor]:
    """log Z [B] and the marginals [B, T, K] of a checked chain, by one forward pass; no gradients."""
    scores = _scores(
        chain.emissions, chain.transitions, chain.start_scores(), chain.end_scores(), chain.lengths
    )
    table = reach(chain)
    if table is None:
        norm, posterior = log_space.value(*scores), log_space.posterior(*scores)
        return norm, batch_major(posterior, chain.emissions)
    passed = fast.forward(*scores, table)
    found = fast.backward(passed, scores.end, scores.lengths, table)
    norm, posterior = tf.cond(
        found.sound,
        lambda: (passed.norm, fast.posterior(found, scores.lengths)),
        lambda: (log_space.value(*scores), log_space.posterior(*scores)),
    )
    return norm, batch_major(posterior, chain.emissions)


def path_and_marginals(chain: Chain, tags: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Log p [B] of the paths int32[B, T], and the marginals [B, T, K], by one forward pass; no gradients."""
    scores = _scores(
        chain.emissions, chain.transitions, chain.start_scores(), chain.end_scores(), chain.lengths
    )
    table = reach(chain)

    def slowly() -> tuple[tf.Tensor, tf.Tensor]:
        return path_score(chain, tags) - log_space.value(*scores), log_space.posterior(*scores)

    if table is None:
        found, posterior = slowly()
    else:
        passed = fast.forward(*scores, table)
        back = fast.backward(passed, scores.end, scores.lengths, table)
        found, posterior = tf.cond(
            back.sound,
            lambda: (
                fast.path_probability(passed, back, tags, scores.lengths),
                fast.posterior(back, scores.lengths),
            ),
            slowly,
        )
    return found, batch_major(posterior, chain.emissions)


def _scores(
    emissions: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor, lengths: tf.Tensor
) -> Scores:
    return Scores(time_major(emissions, block_of(emissions.shape[1])), transitions, start, end, lengths)


def _value(scores: Scores, table: Reach | None) -> tuple[tf.Tensor, fast.Forward | None]:
    if table is None:
        return log_space.value(*scores), None
    passed = fast.forward(*scores, table)
    return tf.cond(passed.sound, lambda: passed.norm, lambda: log_space.value(*scores)), passed
