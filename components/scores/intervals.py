"""Exact intervals of proportions."""

from __future__ import annotations

from typing import NamedTuple

from scipy.stats import beta


class Interval(NamedTuple):
    """From `low` to `high`, both 0..1."""

    low: float
    high: float


def clopper_pearson(right: int, total: int, *, level: float) -> Interval:
    """Compute the Clopper-Pearson interval of a proportion.

    C. Clopper and E. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial (1934),
    by quantiles of the beta distribution. It covers the proportion with a probability of at least `level` if the
    `total` trials are independent. Those of one sentence rarely are; the bootstrap over sentences accounts for that.

    Raises:
        ValueError: not 0 <= right <= total, or total is 0.
    """
    if not 0 <= right <= total or not total:
        raise ValueError(f"found {right} of {total}; expected 0 <= right <= total, and total above 0")
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, right, total - right + 1)) if right else 0.0
    high = float(beta.ppf(1 - tail, right + 1, total - right)) if right < total else 1.0
    return Interval(low, high)
