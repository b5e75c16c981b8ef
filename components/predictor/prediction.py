"""What a model says of one sentence, and the line that is written of it."""

from __future__ import annotations

import math
from typing import NamedTuple

from components.predictor.answer import Answer
from components.predictor.known_entities import TrainEntities
from components.predictor.sentences import RecordedSentence


class Prediction(NamedTuple):
    """T tags in the scheme that models train in, their T marginals, and the probability of the path."""

    tags: tuple[str, ...]
    confidence: tuple[float, ...]
    score: float


def answer_to(sentence: RecordedSentence, prediction: Prediction, known: TrainEntities) -> Answer:
    """The line for a sentence of the split; `known` are the entities of train.

    Raises:
        ValueError: a probability that is no number, which JSON could not hold either.
    """
    return Answer(
        tokens=sentence.tokens,
        gold=sentence.gold,
        predicted=prediction.tags,
        confidence=tuple(map(_short, prediction.confidence)),
        score=_short(prediction.score),
        features=sentence.features,
        seen=known.seen(sentence.tokens, sentence.gold),
    )


def _short(probability: float) -> float:
    """As many digits as a float32 holds: the rest would only be written and read."""
    if math.isnan(probability):
        raise ValueError(
            "found a probability that is not a number in the model's answer; expected 0 to 1: its weights are broken, "
            "lower trainer.learning_rate and train it anew"
        )
    return float(f"{probability:.7g}")
