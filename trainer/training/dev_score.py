"""A model's predicted tags beside the gold ones, and their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tagging.schemes import PLAIN, Scheme
from tagging.scoring import entity_f1_strict, token_accuracy
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.out_of_memory import ShrinkingBatches


def metric_of(scheme: Scheme) -> str:
    """Name the metric of the dev score: token accuracy for plain tags, else entity F1 (strict)."""
    return "token_accuracy" if scheme is PLAIN else "entity_f1_strict"


class Predictions(NamedTuple):
    """Tags of sentences, gold and predicted in the same order."""

    gold: list[Sequence[str]]
    predicted: list[Sequence[str]]

    def score(self, scheme: Scheme) -> float:
        """Compute the metric that `metric_of` names, 0..1."""
        if scheme is PLAIN:
            return token_accuracy(self.gold, self.predicted)
        return entity_f1_strict(self.gold, self.predicted, scheme)


def predictor(model: BiLstmCrf, vocabulary: Vocabulary) -> Callable[[tf.data.Dataset], Predictions]:
    """Return a function that tags batches of sentences by the model's current weights.

    A batch that does not fit into memory is tagged in parts. The function raises OutOfMemory if a single
    sentence does not fit.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(tokens: tf.Tensor, words: tf.Tensor, cases: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return model.predict(Inputs(tokens, words, cases, lengths))

    predict_in_parts = ShrinkingBatches(predict, split="dev")

    def tag(batches: tf.data.Dataset) -> Predictions:
        predictions = Predictions([], [])
        for batch in batches:
            ids = predict_in_parts(*batch.inputs)
            for row, tags, length in zip(ids, batch.tags.numpy(), batch.lengths.numpy(), strict=True):
                predictions.predicted.append([vocabulary.tags[i] for i in row[:length]])
                predictions.gold.append([tag.decode() for tag in tags[:length]])
        return predictions

    return tag


def scorer(model: BiLstmCrf, vocabulary: Vocabulary, scheme: Scheme) -> Callable[[tf.data.Dataset], float]:
    """Return a function that scores batches of sentences by the model's current weights."""
    tag = predictor(model, vocabulary)
    return lambda batches: tag(batches).score(scheme)
