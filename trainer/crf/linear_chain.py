"""The linear-chain CRF of a batch of sentences: its scores, and everything that is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from trainer.crf.algorithms import chain_rule, forward_backward
from trainer.crf.algorithms.k_best import best_paths
from trainer.crf.algorithms.path_score import path_score
from trainer.crf.algorithms.viterbi import best_path
from trainer.crf.arguments import labels
from trainer.crf.arguments.potentials import Potentials, checked


class KBest(NamedTuple):
    """The k best paths of each sentence, best first.

    A sentence with fewer than k legal paths has -inf in scores and log-probabilities, and tags 0, for the
    missing ones; an empty sentence has one path.
    """

    tags: tf.Tensor  # int32[B, k, T], 0 after the end
    scores: tf.Tensor  # float[B, k]
    log_probabilities: tf.Tensor  # float[B, k]


class LinearChain:
    """The distribution over the taggings of a batch of sentences, p(y) = exp(score(y)) / Z.

    Shape letters: `B` sentences, `T` tokens, `K` tags. `transitions[i, j]` scores the step from tag i to tag j.
    Of one sentence, score(y) = start[y_0] + sum_t emissions[t, y_t] + sum_t transitions[y_{t-1}, y_t] +
    end[y_{L-1}], and Z sums exp(score) over every legal path (Lafferty, McCallum and Pereira 2001).

    All methods run eagerly, in a graph with every axis unknown, and under XLA with gradients.

    Args:
        emissions: float[B, T, K]; the padding may hold anything and gets no gradient.
        transitions: float[K, K].
        lengths: int[B], tokens in each sentence, 0..T.
        start, end: float[K] or None, scores of the first and of the last tag.
        masks: `Masks` or None, the allowed steps, see `masks_of`. Its members may also be tensors whose values
            are known only while the graph runs; the computation is then slower.

    Raises:
        ValueError: a shape, a type or (where known) a length is not as described.
        tf.errors.InvalidArgumentError: a length outside 0..T that is only known while the graph runs.
    """

    def __init__(
        self,
        emissions: Any,
        transitions: Any,
        *,
        lengths: Any,
        start: Any = None,
        end: Any = None,
        masks: Sequence[Any] | None = None,
    ) -> None:
        self.potentials = checked(emissions, transitions, lengths=lengths, start=start, end=end, masks=masks)

    def score(self, tags: Any) -> tf.Tensor:
        """Score the paths `tags` int[B, T], not normalized: float[B].

        0 for an empty sentence, -inf for a forbidden path. The padding of the tags may hold anything, here and in
        every method.

        Raises:
            ValueError: the shape or type is not as described, or (where known) a tag is outside 0..K-1.
        """
        return path_score(self.potentials, labels.checked_tags(tags, self.potentials))

    def log_norm(self) -> tf.Tensor:
        """Compute log Z float[B]; 0 for an empty sentence, -inf where no path is legal."""
        centred, peaks = self._centred()
        return forward_backward.log_norm(centred) + peaks

    def log_likelihood(
        self, tags: Any, *, token_weights: Any = None, sequence_weights: Any = None
    ) -> tf.Tensor:
        """Compute the log-probabilities float[B] of the paths `tags` int[B, T].

        At most 0 up to rounding; 0 for an empty sentence. A path that the masks forbid has -inf (unless it weighs 0)
        and takes no part in the gradient.

        Args:
            tags: int[B, T].
            token_weights: float[B, T] or None. The log-likelihood is the sum over tokens of the log-probability
                of the token's tag given the tags before it; each of these is multiplied by its weight. All ones
                change nothing; a 0 drops what that token adds. Slower than without.
            sequence_weights: float[B] or None, multiplies the log-likelihood of each sentence.

        Raises:
            ValueError: shapes, types or tags are not as described; or, where tags and masks are known before a
                graph runs, a tag that the masks forbid, with its row and position.
        """
        centred, _ = self._centred()
        tags = labels.checked_tags(tags, centred)
        labels.refuse_forbidden(tags, centred)
        if token_weights is None:
            likelihood = forward_backward.log_likelihood(centred, tags)
        else:
            terms = chain_rule.conditionals(centred, tags)
            weights = labels.checked_weights(
                "token_weights", token_weights, centred.valid.shape, centred.dtype
            )
            weights = tf.where(centred.valid, weights, tf.zeros_like(weights))
            likelihood = tf.reduce_sum(tf.math.multiply_no_nan(terms, weights), axis=1)
        return _weighted(likelihood, sequence_weights)

    def partial_log_likelihood(self, tag_sets: Any, *, sequence_weights: Any = None) -> tf.Tensor:
        """Compute the log-probabilities float[B] that every token has a tag of its set, for partial labels.

        Args:
            tag_sets: bool[B, T, K], which tags each token may have.
            sequence_weights: float[B] or None, multiplies the log-likelihood of each sentence.

        Raises:
            ValueError: shapes or types are not as described.
        """
        centred, _ = self._centred()
        tag_sets = labels.checked_tag_sets(tag_sets, centred)
        impossible = tf.constant(float("-inf"), centred.dtype)
        open_tags = tag_sets | ~centred.valid[:, :, tf.newaxis]  # the padding stays as it is
        within = centred._replace(emissions=tf.where(open_tags, centred.emissions, impossible))
        within, peaks = within.centred()
        part = forward_backward.log_norm(within) + peaks
        possible = part != impossible
        total = forward_backward.log_norm(centred)
        zero = tf.zeros([], part.dtype)
        difference = tf.where(possible, part, zero) - tf.where(possible, total, zero)
        return _weighted(tf.where(possible, difference, impossible), sequence_weights)

    def viterbi(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Find the best legal path of each sentence: tags int32[B, T], 0 after the end, and scores float[B].

        Between equal paths the one with the lower tag number, decided from the last token back. The score is 0 for
        an empty sentence, and -inf (with tags that mean nothing) where no path is legal.
        """
        return best_path(self.potentials)

    def k_best(self, k: int) -> KBest:
        """Find the k best legal paths with their exact probabilities; the first is Viterbi's.

        Raises:
            ValueError: k is not a positive whole number.
        """
        cleaned = self.potentials.cleaned()
        tags, scores = best_paths(cleaned, _checked_k(k))
        centred, peaks = cleaned.centred()
        norm = forward_backward.log_norm(centred) + peaks
        return KBest(tags, scores, _log_probabilities(scores, norm))

    def marginals(self) -> tf.Tensor:
        """Compute the probability float[B, T, K] of each tag at each token, over all tags of the other tokens.

        0 after the end and where no path is legal. Differentiable.
        """
        return forward_backward.marginals(self._centred()[0])

    def pair_marginals(self) -> tf.Tensor:
        """Compute the probability float[B, T-1, K, K] of each pair of tags at two neighbouring tokens.

        Entry [b, t, i, j] is for tag i at token t and tag j at token t+1; 0 after the end and where no path is legal.
        No steps where T is 0. Differentiable.
        """
        return forward_backward.pair_marginals(self._centred()[0])

    def log_probability_and_marginals(self, tags: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute the log-probabilities float[B] of the paths `tags`, and `marginals`, by one forward pass.

        -inf for a forbidden path. Exact over thousands of tokens; not differentiable.

        Raises:
            ValueError: shape, type or (where known) values of the tags are not as described.
        """
        centred, _ = self._centred()
        tags = labels.checked_tags(tags, centred)
        path, marginals = forward_backward.path_and_marginals(centred, tags)
        possible = tf.math.is_finite(path_score(centred, tags))
        impossible = tf.constant(float("-inf"), path.dtype)
        return tf.where(possible, tf.minimum(path, 0.0), impossible), marginals

    def k_best_and_marginals(self, k: int) -> tuple[KBest, tf.Tensor]:
        """Compute `k_best` and `marginals` by one forward pass for both; not differentiable.

        Raises:
            ValueError: k is not a positive whole number.
        """
        cleaned = self.potentials.cleaned()
        tags, scores = best_paths(cleaned, _checked_k(k))
        centred, peaks = cleaned.centred()
        norm, marginals = forward_backward.norm_and_marginals(centred)
        return KBest(tags, scores, _log_probabilities(scores, norm + peaks)), marginals

    def span_log_probability(self, tags: Any, spans: Any) -> tf.Tensor:
        """Compute the log-probabilities float[S] that spans are tagged as in `tags`, over all tags around them.

        Args:
            tags: int[B, T].
            spans: int[S, 3], each a row of the batch, its first token and the token after its last.

        Returns:
            -inf where the masks forbid it, 0 for a span without tokens.

        Raises:
            ValueError: shapes, types or (where known) tags are not as described.
            tf.errors.InvalidArgumentError: a span reaches outside its sentence.
        """
        centred, _ = self._centred()
        tags = labels.checked_tags(tags, centred)
        return chain_rule.span_log_probability(centred, tags, labels.checked_spans(spans, centred.lengths))

    def _centred(self) -> tuple[Potentials, tf.Tensor]:
        """Clean and centre the potentials; also returns what centring subtracted [B]."""
        return self.potentials.cleaned().centred()


def _checked_k(k: int) -> int:
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k: expected a whole number of paths, at least 1, got {k!r}")
    return k


def _log_probabilities(scores: tf.Tensor, norm: tf.Tensor) -> tf.Tensor:
    """Normalize the scores [B, k] of paths by log Z [B]; -inf where a path is missing."""
    missing = tf.constant(float("-inf"), scores.dtype)
    return tf.where(tf.math.is_finite(scores), tf.minimum(scores - norm[:, tf.newaxis], 0.0), missing)


def _weighted(likelihood: tf.Tensor, sequence_weights: Any) -> tf.Tensor:
    """Multiply log-likelihoods [B] by the weights [B], if any; a weight of 0 makes -inf 0."""
    if sequence_weights is None:
        return likelihood
    weights = labels.checked_weights("sequence_weights", sequence_weights, likelihood.shape, likelihood.dtype)
    return tf.math.multiply_no_nan(likelihood, weights)
