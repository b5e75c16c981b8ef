"""How far two splits share their labels out differently, and how far chance alone would.

The Jensen-Shannon divergence of two distributions p and q with the mean m is half the Kullback-Leibler
divergence of p from m plus half that of q from m, in bits: 0 for equal shares, 1 for labels that have nothing
in common. Two samples of n1 and n2 out of one and the same distribution of K labels differ too: 8 ln 2 times
their divergence is then about (1/n1 + 1/n2) times a chi-squared variable of K - 1 degrees of freedom. A small
split is held against that, or it would be told for being small.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log2, sqrt

# Chance exceeds the bound once in a thousand times: the normal distribution's quantile.
_QUANTILE = 3.09


def jensen_shannon(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The divergence of two counts of labels, in bits: 0 to 1; 0 where one of them is empty."""
    whole_one, whole_other = sum(one.values()), sum(other.values())
    if not whole_one or not whole_other:
        return 0.0
    divergence = 0.0
    for label in {**one, **other}:
        p = one.get(label, 0) / whole_one
        q = other.get(label, 0) / whole_other
        mean = (p + q) / 2
        divergence += sum(share * log2(share / mean) for share in (p, q) if share) / 2
    return max(divergence, 0.0)


def l_infinity(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The largest difference of a label's shares: 0 to 1; 0 where one of them is empty."""
    return max((abs(p - q) for p, q in _shares(one, other).values()), default=0.0)


def jensen_shannon_by_chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """What the divergence of two such samples of one distribution stays below, about 999 times in 1000."""
    sizes = sum(one.values()), sum(other.values())
    degrees = sum(1 for label in {**one, **other} if one.get(label) or other.get(label)) - 1
    if not all(sizes) or degrees < 1:
        return 0.0
    return chi_squared_bound(degrees) * (1 / sizes[0] + 1 / sizes[1]) / (8 * log(2))


def l_infinity_by_chance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The same for the largest difference: the bound of the label that may differ most."""
    sizes = sum(one.values()), sum(other.values())
    if not all(sizes):
        return 0.0
    spread = 1 / sizes[0] + 1 / sizes[1]
    pooled = [(one.get(label, 0) + other.get(label, 0)) / sum(sizes) for label in {**one, **other}]
    return _QUANTILE * max(sqrt(share * (1 - share) * spread) for share in pooled)


def chi_squared_bound(degrees: int) -> float:
    """The 0.999 quantile of a chi-squared variable, within some percent (Wilson and Hilferty's approximation)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + _QUANTILE * sqrt(part)) ** 3


def largest_differences(
    one: Mapping[str, int], other: Mapping[str, int], most: int = 3
) -> list[tuple[str, float, float]]:
    """(label, share in `one`, share in `other`) of those that differ most, the largest first."""
    rows = [(label, p, q) for label, (p, q) in _shares(one, other).items()]
    return sorted(rows, key=lambda row: (-abs(row[1] - row[2]), row[0]))[:most]


def _shares(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    whole_one, whole_other = sum(one.values()), sum(other.values())
    if not whole_one or not whole_other:
        return {}
    return {
        label: (one.get(label, 0) / whole_one, other.get(label, 0) / whole_other)
        for label in {**one, **other}
    }
