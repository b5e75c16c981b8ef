"""Calibration by hand, and by a second, plainer computation."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.predictor.answer import Answer
from components.scores.analysis import Calibration
from components.scores.calibration import CalibrationTally
from tagging.schemes import BIOES


def tallied(*answers: tuple[float, bool], bins: int = 10) -> Calibration | None:
    tally = CalibrationTally(bins)
    for confidence, right in answers:
        tally.add(confidence, right)
    return tally.result()


def test_by_hand() -> None:
    found = tallied((0.9, True), (0.85, False), (0.3, False), (0.3, True), bins=2)
    assert found is not None
    low, high = found.bins
    assert (low.low, low.high, low.count, low.mean_confidence, low.right) == (0.0, 0.5, 2, 0.3, 0.5)
    assert (high.low, high.high, high.count, high.mean_confidence, high.right) == (0.5, 1.0, 2, 0.875, 0.5)
    assert found.expected_error == pytest.approx((2 * 0.2 + 2 * 0.375) / 4)


def test_without_answers_there_is_no_calibration() -> None:
    assert tallied() is None


@given(
    answers=st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=40),
    bins=st.sampled_from([1, 2, 10, 15]),
)
def test_the_error_is_that_of_the_definition(answers: list[tuple[int, bool]], bins: int) -> None:
    """In fractions: edges fall where they are meant to, and nothing is rounded."""
    found = tallied(*[(number / 60, right) for number, right in answers], bins=bins)
    assert found is not None
    error, counted = Fraction(0), 0
    for index in range(bins):
        inside = [
            (Fraction(number, 60), right)
            for number, right in answers
            if Fraction(index, bins) < Fraction(number, 60) <= Fraction(index + 1, bins)
            or (index == 0 and number == 0)
        ]
        if inside:
            error += abs(sum(c for c, _ in inside) - sum(right for _, right in inside))
            counted += 1
    assert len(found.bins) == counted
    assert found.expected_error == pytest.approx(float(error / len(answers)), abs=1e-9)
    assert sum(bin_.count for bin_ in found.bins) == len(answers)


@pytest.mark.parametrize("confidence", [-0.1, 1.01, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="expected a probability"):
        tallied((confidence, True))


def answer(gold: str, predicted: str, *confidence: float) -> Answer:
    tags = tuple(gold.split())
    return Answer(
        tokens=("w",) * len(tags), gold=tags, predicted=tuple(predicted.split()), confidence=confidence
    )


def of_entities(*answers: Answer) -> Calibration | None:
    tally = CalibrationTally()
    for given_ in answers:
        tally.add_entities(given_, BIOES)
    return tally.result()


def test_the_confidence_of_an_entity_is_the_lowest_of_its_tokens() -> None:
    found = of_entities(answer("B-PER E-PER O S-LOC", "B-PER E-PER O S-ORG", 0.75, 0.25, 0.9, 0.5))
    assert found is not None
    assert [(bin_.count, bin_.mean_confidence, bin_.right) for bin_ in found.bins] == [
        (1, 0.25, 1.0),
        (1, 0.5, 0.0),
    ]


def test_incomplete_and_missed_entities_are_not_counted() -> None:
    # Strictly read, `B-PER O` names no entity; the gold one that was missed has no confidence.
    assert of_entities(answer("B-PER E-PER O", "B-PER O O", 0.5, 0.5, 0.5)) is None
    assert of_entities(answer("S-PER", "NOUN", 0.5)) is None
    assert of_entities(answer("S-PER", "S-PER")) is None


def test_tokens_count_one_by_one() -> None:
    tally = CalibrationTally()
    tally.add_tokens(answer("O B-PER", "O O", 1.0, 0.75))
    tally.add_tokens(answer("O", "O"))
    found = tally.result()
    assert found is not None
    assert [(bin_.count, bin_.right) for bin_ in found.bins] == [(1, 0.0), (1, 1.0)]
