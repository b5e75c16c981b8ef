"""A model's tags of sentences beside the gold ones, and their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tagging.schemes import PLAIN, Scheme
from tagging.scoring import entity_f1_strict, token_accuracy
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.encoder import Inputs
from trainer.training.out_of_memory import Portions


class Answers(NamedTuple):
    """Tags of sentences, in the same order."""

    gold: list[Sequence[str]]
    predicted: list[Sequence[str]]

    def score(self, scheme: Scheme) -> float:
        """What early stopping goes by: entity F1 (strict), or token accuracy for plain tags; 0..1."""
        if scheme is PLAIN:
            return token_accuracy(self.gold, self.predicted)
        return entity_f1_strict(self.gold, self.predicted, scheme)


def answerer(model: BiLstmCrf, vocabulary: Vocabulary) -> Callable[[tf.data.Dataset], Answers]:
    """Answers batches of sentences by the model as its weights are at the time; what does not fit into memory in parts.

    Raises, when it answers:
        OutOfMemory: a single sentence does not fit.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def predict(tokens: tf.Tensor, words: tf.Tensor, cases: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        return model.predict(Inputs(tokens, words, cases, lengths))

    names = vocabulary.tags
    ids_of = Portions(predict, split="dev")

    def answer(batches: tf.data.Dataset) -> Answers:
        answers = Answers([], [])
        for batch in batches:
            ids = ids_of(batch.tokens, batch.words, batch.cases, batch.lengths)
            for row, tags, length in zip(ids, batch.tags.numpy(), batch.lengths.numpy(), strict=True):
                answers.predicted.append([names[i] for i in row[:length]])
                answers.gold.append([tag.decode() for tag in tags[:length]])
        return answers

    return answer


def scorer(model: BiLstmCrf, vocabulary: Vocabulary, scheme: Scheme) -> Callable[[tf.data.Dataset], float]:
    """Scores batches of sentences by the model as its weights are at the time."""
    answer = answerer(model, vocabulary)
    return lambda batches: answer(batches).score(scheme)
