"""The BiLSTM-CRF: an encoder's emissions scored by a linear-chain CRF.

Shape letters: `B` batch, `T` tokens, `K` tags, `N` best paths.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tagging.schemes import Scheme
from trainer import crf
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model import addons
from trainer.model.encoder import Encoder


class Decoded(NamedTuple):
    """The best path of each sentence."""

    tags: tf.Tensor  # int32[B,T], ids in the vocabulary; 0 after the end
    marginals: tf.Tensor  # float32[B,T,K], 0 after the end
    probability: tf.Tensor  # float32[B], of the path


class BestPaths(NamedTuple):
    """The N best paths of each sentence, best first."""

    tags: tf.Tensor  # int32[B,N,T]
    log_probability: tf.Tensor  # float32[B,N]; -inf where a sentence has fewer than N legal paths


class BiLstmCrf(tf.Module):
    """Encoder and CRF with their variables."""

    def __init__(self, hyperparameters: Hyperparameters, vocabulary: Vocabulary, scheme: Scheme) -> None:
        super().__init__(name="bilstm_crf")
        num_tags = len(vocabulary.tags)
        self.encoder = Encoder(
            hyperparameters,
            word_ids=vocabulary.word_ids,
            num_tags=num_tags,
            affixes=vocabulary.affixes,
            singletons=vocabulary.singleton_flags(),
        )
        self.transitions = tf.Variable(tf.zeros([num_tags, num_tags]), name="transitions")
        self.start = tf.Variable(tf.zeros([num_tags]), name="start")
        self.end = tf.Variable(tf.zeros([num_tags]), name="end")
        self._settings = hyperparameters.crf
        constrained = self._settings.constrained and self._native
        self._masks = crf.masks_of(vocabulary.tags, scheme) if constrained else None

    @property
    def constrained(self) -> bool:
        """Whether steps that the tag scheme forbids are impossible, in the loss and in decoding."""
        return self._masks is not None

    @property
    def _native(self) -> bool:
        return self._settings.implementation == "native"

    def log_likelihood(self, inputs: Inputs, labels: tf.Tensor, *, seed: tf.Tensor) -> tf.Tensor:
        """Compute the log-probability float32[B] of the gold path `labels` int64[B,T], with dropout by `seed`."""
        chain = self._chain(self.encoder(inputs, seed=seed), inputs.lengths)
        labels = tf.cast(labels, tf.int32)
        return chain.log_likelihood(labels) if self._native else addons.log_likelihood(chain, labels)

    def predict(self, inputs: Inputs, *, fused: bool = False) -> tf.Tensor:
        """Return the tag ids int32[B,T] of the best paths, without probabilities."""
        chain = self._chain(self.encoder(inputs, fused=fused), inputs.lengths)
        tags, _ = chain.viterbi() if self._native else addons.viterbi(chain)
        return tags

    def decode(self, inputs: Inputs) -> Decoded:
        """Find the best paths, with exact marginals and path probabilities, for the exported signatures."""
        chain = self._chain(self.encoder(inputs, fused=True), inputs.lengths)
        tags, _ = chain.viterbi()
        log_probability, marginals = chain.log_probability_and_marginals(tags)
        return Decoded(tags=tags, marginals=marginals, probability=tf.exp(log_probability))

    def decode_n_best(self, inputs: Inputs, n: int) -> BestPaths:
        """Find the `n` best paths with their exact probabilities."""
        best = self._chain(self.encoder(inputs, fused=True), inputs.lengths).k_best(n)
        return BestPaths(tags=best.tags, log_probability=best.log_probabilities)

    def explain(self, inputs: Inputs, n: int) -> tuple[Decoded, BestPaths]:
        """Return the results of `decode` and `decode_n_best` by one run of the encoder and of the CRF."""
        chain = self._chain(self.encoder(inputs, fused=True), inputs.lengths)
        best, marginals = chain.k_best_and_marginals(n)
        decoded = Decoded(
            tags=best.tags[:, 0],
            marginals=marginals,
            probability=tf.exp(best.log_probabilities[:, 0]),
        )
        return decoded, BestPaths(tags=best.tags, log_probability=best.log_probabilities)

    def _chain(self, emissions: tf.Tensor, lengths: tf.Tensor) -> crf.LinearChain:
        # TensorFlow Addons has no start and end scores: with it they stay zero, which changes nothing.
        return crf.LinearChain(
            emissions,
            self.transitions,
            lengths=lengths,
            start=self.start,
            end=self.end,
            masks=self._masks,
        )
