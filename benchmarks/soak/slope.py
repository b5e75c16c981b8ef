"""How fast a measured value grows, and how certain that is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Slope(NamedTuple):
    """The slope of a straight line through measurements, and its noise: two standard errors."""

    value: float
    noise: float


def slope_of(times: Sequence[float], values: Sequence[float]) -> Slope:
    """Fit a line to at least three values at different times, by least squares.

    Neighbouring measurements are alike, which makes the noise look smaller than it is: average them before.
    """
    line = statistics.linear_regression(times, values)
    rests = [value - line.slope * at - line.intercept for at, value in zip(times, values, strict=True)]
    middle = statistics.fmean(times)
    spread = sum((at - middle) ** 2 for at in times)
    error = math.sqrt(sum(rest**2 for rest in rests) / (len(rests) - 2) / spread)
    return Slope(line.slope, 2 * error)
