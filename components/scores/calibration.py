"""Expected calibration error: how far the confidence is from the share of right answers.

Answers are put into bins of equal width by their confidence. The error is the mean, over all answers, of the distance
between the mean confidence of a bin and the share of right answers in it. M. Naeini, G. Cooper and
M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning (2015).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from components.predictor.answer import Answer
from components.scores.analysis import Bin, Calibration
from tagging.schemes import UnknownTag
from tagging.scoring import strict_spans
from tagging.tables import Scheme

BINS = 10


class CalibrationTally:
    """Sums over answers, bin by bin."""

    def __init__(self, bins: int = BINS) -> None:
        self._count, self._right, self._confidence = [0] * bins, [0] * bins, [0.0] * bins

    def add(self, confidence: float, right: bool) -> None:
        """Add an answer.

        Raises:
            ValueError: a confidence outside 0..1.
        """
        if not 0.0 <= confidence <= 1.0 + 1e-6:
            raise ValueError(f"found a confidence of {confidence}; expected a probability, 0 to 1")
        # A bin includes its upper edge; the first also 0.
        bin_ = min(max(math.ceil(confidence * len(self._count)), 1), len(self._count)) - 1
        self._count[bin_] += 1
        self._right[bin_] += right
        self._confidence[bin_] += confidence

    def add_tokens(self, answer: Answer) -> None:
        """Add every token of an answer; nothing where the model gives no confidence."""
        for gold, predicted, confidence in zip(
            answer.gold, answer.predicted, answer.confidence or (), strict=False
        ):
            self.add(confidence, gold == predicted)

    def add_entities(self, answer: Answer, scheme: Scheme) -> None:
        """Add every predicted entity, read strictly, with the lowest confidence of its tokens.

        It is right if the gold tags have an entity with this label, start and end. Unreadable tags add nothing.
        """
        if not answer.confidence:
            return
        try:
            predicted = strict_spans(answer.predicted, scheme)
        except UnknownTag:
            return
        gold = set(strict_spans(answer.gold, scheme))
        for span in predicted:
            self.add(min(answer.confidence[span.start : span.end]), span in gold)

    def result(self) -> Calibration | None:
        """The calibration of the answers added; None without any."""
        total = sum(self._count)
        if not total:
            return None
        bins = [
            Bin(
                low=index / len(self._count),
                high=(index + 1) / len(self._count),
                count=count,
                mean_confidence=confidence / count,
                right=right / count,
            )
            for index, (count, right, confidence) in enumerate(
                zip(self._count, self._right, self._confidence, strict=True)
            )
            if count
        ]
        return Calibration(expected_error(bins), bins)


def expected_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error, 0..1, of non-empty bins."""
    total = sum(bin_.count for bin_ in bins)
    return sum(bin_.count * abs(bin_.mean_confidence - bin_.right) for bin_ in bins) / total
