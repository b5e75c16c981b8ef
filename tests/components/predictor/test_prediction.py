"""The line that is written of an answer."""

from __future__ import annotations

import math

import pytest

from components.predictor.known_entities import TrainEntities
from components.predictor.prediction import Prediction, answer_to
from components.predictor.sentences import RecordedSentence
from tagging.schemes import BIO

SENTENCE = RecordedSentence(("Ann", "sings"), ("B-PER", "O"), {"domain": "news"}, b"")
KNOWN = TrainEntities([(("Ann",), ("B-PER",))], BIO)


def test_an_answer_has_the_sentence_and_the_prediction() -> None:
    found = answer_to(SENTENCE, Prediction(("O", "O"), (0.1 + 0.2, 1.0), 1 / 3), KNOWN)
    assert (found.tokens, found.gold, found.predicted) == (SENTENCE.tokens, SENTENCE.gold, ("O", "O"))
    assert (found.confidence, found.score) == ((0.3, 1.0), 0.3333333)
    assert (found.features, found.seen) == ({"domain": "news"}, (True,))


@pytest.mark.parametrize(
    "prediction",
    [Prediction(("O", "O"), (1.0, math.nan), 1.0), Prediction(("O", "O"), (1.0, 1.0), math.nan)],
    ids=["confidence", "score"],
)
def test_a_probability_that_is_nan_is_an_error(prediction: Prediction) -> None:
    with pytest.raises(ValueError, match=r"not a number.*train again"):
        answer_to(SENTENCE, prediction, KNOWN)
