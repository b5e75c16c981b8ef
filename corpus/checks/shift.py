"""The difference between the label distributions of two splits, and how large it can be by chance.

The Jensen-Shannon divergence of two distributions p and q with the mean m is half the Kullback-Leibler
divergence of p from m plus half that of q from m, in bits: 0 for equal distributions, 1 for distributions
without a common label. Two samples of n1 and n2 from one distribution of K labels differ too: 8 ln 2 times
their divergence is then about (1/n1 + 1/n2) times a chi-squared variable with K - 1 degrees of freedom. The
difference of a small split must exceed that to be reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log2, sqrt

# The 0.999 quantile of the normal distribution: by chance the bound is exceeded once in a thousand times.
_QUANTILE = 3.09


def jensen_shannon(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Compute the Jensen-Shannon divergence of two counts of labels, in bits: 0 to 1; 0 if one of them is empty."""
    divergence = 0.0
    for p, q in _shares(one, other).values():
        mean = (p + q) / 2
        divergence += sum(share * log2(share / mean) for share in (p, q) if share) / 2
    return max(divergence, 0.0)


def jensen_shannon_by_chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Compute the bound that the divergence of two samples of one distribution exceeds once in 1000 times."""
    sizes = sum(one.values()), sum(other.values())
    degrees = sum(1 for label in {**one, **other} if one.get(label) or other.get(label)) - 1
    if not all(sizes) or degrees < 1:
        return 0.0
    return chi_squared_bound(degrees) * (1 / sizes[0] + 1 / sizes[1]) / (8 * log(2))


def l_infinity_by_chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Compute the same bound for the largest difference, by the label with the largest variance."""
    sizes = sum(one.values()), sum(other.values())
    if not all(sizes):
        return 0.0
    spread = 1 / sizes[0] + 1 / sizes[1]
    pooled = [(one.get(label, 0) + other.get(label, 0)) / sum(sizes) for label in {**one, **other}]
    return _QUANTILE * max(sqrt(share * (1 - share) * spread) for share in pooled)


def chi_squared_bound(degrees: int) -> float:
    """Compute the 0.999 quantile of a chi-squared variable, within some percent (Wilson and Hilferty 1931)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _QUANTILE * sqrt(part)) ** 3


def largest_differences(
    one: Mapping[str, int], other: Mapping[str, int], most: int = 3
) -> list[tuple[str, float, float]]:
    """List (label, share in `one`, share in `other`) of the labels that differ most, in descending order."""
    rows = [(label, p, q) for label, (p, q) in _shares(one, other).items()]
    return sorted(rows, key=lambda row: (-abs(row[1] - row[2]), row[0]))[:most]


def _shares(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    total_one, total_other = sum(one.values()), sum(other.values())
    if not total_one or not total_other:
        return {}
    return {
        label: (one.get(label, 0) / total_one, other.get(label, 0) / total_other)
        for label in {**one, **other}
    }
