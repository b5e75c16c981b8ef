"""What there is to tell of a sentence: its best paths and each token's marginals, each pass made once."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from trainer.crf.arguments import chain, checked_tags
from trainer.crf.guarded import norm_and_marginals, path_and_marginals
from trainer.crf.k_best import best_paths, log_probabilities
from trainer.crf.likelihood import centred
from trainer.crf.scores import path_score


def log_probability_and_marginals(
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
) -> tuple[tf.Tensor, tf.Tensor]:
    """Log p(`tags`) [B], -inf for a forbidden path, and what `marginals` answers, by one forward pass.

    Not differentiable. Arguments and errors are those of `log_likelihood` and `marginals`.
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
    path = checked_tags(tags, checked)
    found, marginals = path_and_marginals(shifted, path)
    possible = tf.math.is_finite(path_score(shifted, path))
    return tf.where(possible, tf.minimum(found, 0.0), tf.constant(float("-inf"), found.dtype)), marginals


class Readings(NamedTuple):
    """The k best paths, best first, and the marginals that go with them."""

    tags: tf.Tensor  # int32[B, k, T], 0 after the end and in a missing path
    log_probabilities: tf.Tensor  # float[B, k], -inf for a missing path
    marginals: tf.Tensor  # float[B, T, K], 0 after the end and where no path is legal


def readings(
    emissions: Any,
    transitions: Any,
    *,
    k: int,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> Readings:
    """What `k_best` and `marginals` answer, by one forward pass for both; not differentiable.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        k: how many paths, at least 1.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Raises:
        ValueError: k is not a positive whole number, or shapes, types or lengths are not as described.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k: expected a whole number of paths, at least 1, got {k!r}")
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
    norm, marginals = norm_and_marginals(shifted)
    tags, scores = best_paths(checked, k)
    return Readings(tags, log_probabilities(scores, norm + peaks), marginals)
