"""What a round of Hyperband costs: Li et al. 2018, with the sizes of brackets that keras-tuner takes."""

from __future__ import annotations

import math

# Of those that trained for so many epochs, one in so many is trained for so many times more.
FACTOR = 3


def trainings_of_a_round(epochs: int) -> int:
    """Trainings of all brackets, where the longest takes `epochs`."""
    brackets = _brackets(epochs)
    end = math.ceil(1 + math.log(epochs, FACTOR))
    return sum(
        math.ceil(end / (bracket + 1) * FACTOR ** (bracket - rung))
        for bracket in range(brackets)
        for rung in range(bracket + 1)
    )


def _brackets(epochs: int) -> int:
    count, left = 0, float(epochs)
    while left >= 1:
        left /= FACTOR
        count += 1
    return count
