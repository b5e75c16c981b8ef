"""A model's prediction for a sentence, and the answer that is recorded of it."""

from __future__ import annotations

import math
from typing import NamedTuple

from components.predictor.answer import Answer
from components.predictor.known_entities import TrainEntities
from components.predictor.sentences import RecordedSentence


class Prediction(NamedTuple):
    """T tags in the scheme that models train in, their T marginals, and the probability of the whole path."""

    tags: tuple[str, ...]
    confidence: tuple[float, ...]
    score: float


def answer_to(sentence: RecordedSentence, prediction: Prediction, train: TrainEntities) -> Answer:
    """Combine a sentence with a prediction for it.

    Raises:
        ValueError: a probability is not a number; JSON has no NaN either.
    """
    return Answer(
        tokens=sentence.tokens,
        gold=sentence.gold,
        predicted=prediction.tags,
        confidence=tuple(map(_rounded, prediction.confidence)),
        score=_rounded(prediction.score),
        features=sentence.features,
        seen=train.seen(sentence.tokens, sentence.gold),
    )


def _rounded(probability: float) -> float:
    """Round to the seven digits that a float32 holds, to keep the file small."""
    if math.isnan(probability):
        raise ValueError(
            "found a probability that is not a number in the model's answer; expected 0 to 1: its weights are broken, "
            "lower trainer.learning_rate and train again"
        )
    return float(f"{probability:.7g}")
