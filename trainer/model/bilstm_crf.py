"""The BiLSTM-CRF: an encoder's emissions scored by a linear-chain CRF.

Shape letters: `B` batch, `T` tokens, `K` tags, `N` best paths.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tagging.schemes import PLAIN, Scheme, transition_masks
from trainer import crf
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model import addons
from trainer.model.encoder import Encoder, Inputs


class Decoded(NamedTuple):
    """The best path of each sentence."""

    tags: tf.Tensor  # int32[B,T], ids in the vocabulary; 0 after the end
    marginals: tf.Tensor  # float32[B,T,K], 0 after the end
    probability: tf.Tensor  # float32[B], of the whole path


class BestPaths(NamedTuple):
    """The N best paths of each sentence, best first."""

    tags: tf.Tensor  # int32[B,N,T]
    log_probability: tf.Tensor  # float32[B,N]; -inf where a sentence has fewer than N legal paths


class BiLstmCrf(tf.Module):
    """Encoder and CRF with their variables; what trains them and what serves them are elsewhere."""

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
        # transitions[i, j] scores the step from tag i to tag j
        self.transitions = tf.Variable(tf.zeros([num_tags, num_tags]), name="transitions")
        self.start = tf.Variable(tf.zeros([num_tags]), name="start")
        self.end = tf.Variable(tf.zeros([num_tags]), name="end")
        self._settings = hyperparameters.crf
        self._constraints: dict[str, np.ndarray] = {}
        if self._settings.constrained and self._native and scheme is not PLAIN:
            masks = transition_masks(vocabulary.tags, scheme)
            self._constraints = {
                "allowed": np.array(masks.allowed),
                "allowed_start": np.array(masks.start),
                "allowed_end": np.array(masks.end),
            }

    @property
    def constrained(self) -> bool:
        """Whether steps that the tag scheme forbids are shut out, in the loss and in decoding."""
        return bool(self._constraints)

    @property
    def _native(self) -> bool:
        return self._settings.implementation == "native"

    def log_likelihood(self, inputs: Inputs, labels: tf.Tensor, *, seed: tf.Tensor) -> tf.Tensor:
        """Log-probability of the gold path `labels` int64[B,T]: float32[B], with dropout drawn by `seed`."""
        emissions = self.encoder(inputs, seed=seed)
        labels = tf.cast(labels, tf.int32)
        if not self._native:
            return addons.log_likelihood(emissions, labels, self.transitions, lengths=inputs.lengths)
        return crf.log_likelihood(emissions, labels, self.transitions, **self._chain(inputs.lengths))

    def predict(self, inputs: Inputs, *, fused: bool = False) -> tf.Tensor:
        """Tag ids int32[B,T] of the best paths: what scoring needs, and no more."""
        emissions = self.encoder(inputs, fused=fused)
        if not self._native:
            return addons.viterbi(emissions, self.transitions, lengths=inputs.lengths)[0]
        return crf.viterbi(emissions, self.transitions, **self._chain(inputs.lengths))[0]

    def decode(self, inputs: Inputs) -> Decoded:
        """The best paths with exact marginals and path probabilities, for the exported signatures."""
        emissions = self.encoder(inputs, fused=True)
        chain = self._chain(inputs.lengths)
        tags, _ = crf.viterbi(emissions, self.transitions, **chain)
        log_probability, marginals = crf.log_probability_and_marginals(
            emissions, tags, self.transitions, **chain
        )
        return Decoded(tags=tags, marginals=marginals, probability=tf.exp(log_probability))

    def decode_n_best(self, inputs: Inputs, n: int) -> BestPaths:
        """The `n` best paths with their true probabilities."""
        emissions = self.encoder(inputs, fused=True)
        chain = self._chain(inputs.lengths)
        tags, _, log_probability = crf.k_best(emissions, self.transitions, k=n, **chain)
        return BestPaths(tags=tags, log_probability=log_probability)

    def explain(self, inputs: Inputs, n: int) -> tuple[Decoded, BestPaths]:
        """What `decode` and `decode_n_best` answer, from one run of the encoder and of the CRF."""
        found = crf.readings(
            self.encoder(inputs, fused=True), self.transitions, k=n, **self._chain(inputs.lengths)
        )
        decoded = Decoded(
            tags=found.tags[:, 0],
            marginals=found.marginals,
            probability=tf.exp(found.log_probabilities[:, 0]),
        )
        return decoded, BestPaths(tags=found.tags, log_probability=found.log_probabilities)

    def _chain(self, lengths: tf.Tensor) -> dict[str, tf.Tensor | np.ndarray]:
        """What every function of the CRF takes after emissions and transitions.

        tensorflow-addons knows no start and end scores: there they stay at zero, which changes nothing.
        """
        return {"lengths": lengths, "start": self.start, "end": self.end, **self._constraints}
