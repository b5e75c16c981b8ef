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


def test_a_line_holds_what_was_asked_and_what_was_answered() -> None:
    found = answer_to(SENTENCE, Prediction(("O", "O"), (0.1 + 0.2, 1.0), 1 / 3), KNOWN)
    assert (found.tokens, found.gold, found.predicted) == (SENTENCE.tokens, SENTENCE.gold, ("O", "O"))
    assert (found.confidence, found.score) == ((0.3, 1.0), 0.3333333)
    assert (found.features, found.seen) == ({"domain": "news"}, (True,))


@pytest.mark.parametrize(
    "prediction",
    [Prediction(("O", "O"), (1.0, math.nan), 1.0), Prediction(("O", "O"), (1.0, 1.0), math.nan)],
    ids=["confidence", "score"],
)
def test_what_is_not_a_number_is_told_and_not_written(prediction: Prediction) -> None:
    with pytest.raises(ValueError, match=r"not a number.*train it anew"):
        answer_to(SENTENCE, prediction, KNOWN)
