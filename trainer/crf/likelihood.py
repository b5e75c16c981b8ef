"""The log-normalizer and the log-likelihood: what training needs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf import guarded
from trainer.crf.arguments import Chain, chain, checked_tags, checked_weights
from trainer.crf.conditionals import conditionals
from trainer.crf.constraints import refuse_forbidden


def log_norm(
    emissions: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tf.Tensor:
    """log Z: the logarithm of the summed exponentials of every legal path's score.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        float[B]; 0 for an empty sentence, -inf where no path is legal.

    Raises:
        ValueError: shapes, types or lengths are not as described.
    """
    checked = chain(
        emissions,
        transitions,
        lengths=lengths,
        start=start,
        end=end,
        allowed=allowed,
        allowed_start=allowed_start,
        allowed_end=allowed_end,
    )
    shifted, peaks = centred(checked)
    return guarded.log_norm(shifted) + peaks


def log_likelihood(
    emissions: Any,
    tags: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
    token_weights: Any = None,
    sequence_weights: Any = None,
    tag_sets: Any = None,
) -> tf.Tensor:
    """The logarithm of the probability of the given tags.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        tags: int[B, T]; the padding may hold anything. Not used, and may be None, with `tag_sets`.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.
        token_weights: float[B, T] or None. The log-likelihood is the sum over tokens of the log-probability
            of the token's tag given the tags before it; each of these is multiplied by its weight. All ones
            change nothing; a 0 drops what that token adds. Slower than without.
        sequence_weights: float[B] or None, multiplies the log-likelihood of each sentence.
        tag_sets: bool[B, T, K] or None, for partial labels: which tags each token may have. The result is
            then the log-probability that every token has one of its own. Not with `token_weights`.

    Returns:
        float[B], at most 0 up to rounding; 0 for an empty sentence. A path that the masks forbid has
        -inf (unless it weighs 0) and takes no part in the gradient.

    Raises:
        ValueError: shapes, types, lengths or tags are not as described; or, where tags and masks are known
            before a graph runs, a tag that the masks forbid, with its row and position.
    """
    checked = chain(
        emissions,
        transitions,
        lengths=lengths,
        start=start,
        end=end,
        allowed=allowed,
        allowed_start=allowed_start,
        allowed_end=allowed_end,
    )
    shifted, _ = centred(checked)
    if tag_sets is not None:
        if token_weights is not None:
            raise ValueError("token_weights: expected None with tag_sets, which name no single tag to weigh")
        found = sets_log_likelihood(shifted, tag_sets)
    else:
        tags = checked_tags(tags, checked)
        refuse_forbidden(tags, checked)
        if token_weights is None:
            found = guarded.log_likelihood(shifted, tags)
        else:
            terms = conditionals(shifted, tags)
            weights = checked_weights("token_weights", token_weights, shifted.valid.shape, shifted.dtype)
            weights = tf.where(shifted.valid, weights, tf.zeros_like(weights))
            found = tf.reduce_sum(tf.math.multiply_no_nan(terms, weights), axis=1)
    if sequence_weights is None:
        return found
    weights = checked_weights("sequence_weights", sequence_weights, found.shape, found.dtype)
    return tf.math.multiply_no_nan(found, weights)


def sets_log_likelihood(chain: Chain, tag_sets: Any) -> tf.Tensor:
    """[B]: log of the share of Z that paths through `tag_sets` bool[B, T, K] have; -inf where it is none."""
    tag_sets = tf.convert_to_tensor(tag_sets, name="tag_sets")
    if tag_sets.dtype != tf.bool or not tag_sets.shape.is_compatible_with(chain.emissions.shape):
        raise ValueError(
            f"tag_sets: expected booleans of shape {chain.emissions.shape} as the emissions, "
            f"got {tag_sets.dtype.name} {tag_sets.shape}"
        )
    impossible = tf.constant(float("-inf"), chain.dtype)
    open_tags = tag_sets | ~chain.valid[:, :, tf.newaxis]  # the padding stays as it is
    within, peaks = centred(chain._replace(emissions=tf.where(open_tags, chain.emissions, impossible)))
    part = guarded.log_norm(within) + peaks
    some = part != impossible
    whole = guarded.log_norm(chain)
    zero = tf.zeros([], part.dtype)
    return tf.where(some, tf.where(some, part, zero) - tf.where(some, whole, zero), impossible)


def centred(chain: Chain) -> tuple[Chain, tf.Tensor]:
    """The chain with each token's largest emission taken off, and the sum of what was taken [B].

    A constant per token changes no probability; without it float32 spends its digits on the constant.
    The constant takes no part in the gradient, which is exact because the shift cancels.
    """
    peak = tf.stop_gradient(tf.reduce_max(chain.emissions, axis=2))  # [B, T]
    peak = tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))
    shifted = chain._replace(emissions=chain.emissions - peak[:, :, tf.newaxis])
    return shifted, tf.reduce_sum(peak, axis=1)
