"""Paired bootstrap over sentences, of integer counts.

A resample draws as many sentences as there are, with replacement, and adds up what was counted on each. All models'
counts of a sentence stand in one row, so that every model is scored on the same resamples. Percentile intervals; see
B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

# Draws held at a time: 8 bytes each, and as many again while they are counted.
_DRAWS = 2_000_000
# Integers below are exact in float32, in which products are quicker.
_EXACT_IN_FLOAT32 = 2**24

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def resampled_sums(counts: Counts, *, resamples: int, seed: int) -> Values:
    """Sums of counts over resampled sentences.

    The order of the sentences does not matter: equal counts give equal sums, to the last digit.

    Args:
        counts: int[S, M], of S sentences.
        resamples: R.
        seed: of the draws.

    Returns:
        float[R, M], whole numbers.

    Raises:
        ValueError: there is no sentence.
    """
    sentences = len(counts)
    if not sentences:
        raise ValueError("found no sentence to resample; expected one or more")
    # Sentences with the same counts are one and the same here, and there are few kinds: rows, int[U, M].
    rows, times = np.unique(counts, axis=0, return_counts=True)
    exact = sentences * int(np.abs(rows).max(initial=0)) < _EXACT_IN_FLOAT32
    number = np.float32 if exact else np.float64
    factors: npt.NDArray[Any] = rows.astype(number)
    sums = np.empty((resamples, counts.shape[1]))
    begin = 0
    for drawn in _drawn_times(times, resamples=resamples, seed=seed):
        weights: npt.NDArray[Any] = drawn.astype(number)
        sums[begin : begin + len(drawn)] = weights @ factors
        begin += len(drawn)
    return sums


def _drawn_times(
    times: npt.NDArray[np.int64], *, resamples: int, seed: int
) -> Iterator[npt.NDArray[np.int64]]:
    """How often each of U kinds of sentences is drawn, int[r, U], in chunks of r that add up to `resamples`."""
    generator = np.random.default_rng(seed)
    kinds, sentences = len(times), int(times.sum())
    kind_of = np.repeat(np.arange(kinds), times)  # [S]
    chunk = max(1, _DRAWS // sentences)
    for begin in range(0, resamples, chunk):
        size = min(chunk, resamples - begin)
        drawn = kind_of[generator.integers(0, sentences, size=(size, sentences))]
        drawn += np.arange(size)[:, None] * kinds
        yield np.bincount(drawn.ravel(), minlength=size * kinds).reshape(size, kinds)


def percentile_intervals(values: Values, *, level: float) -> tuple[Values, Values]:
    """Lower and upper ends, float[K] each, of values over resamples.

    Args:
        values: float[R, K]; NaN where a resample leaves a value undefined, as F1 without entities: those resamples
            are left out.
        level: share of the resamples within, such as 0.95.

    Returns:
        The ends; NaN where no resample defines the value.
    """
    ends = 100 * np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = np.full((2, values.shape[1]), np.nan)
    undefined = np.isnan(values)
    whole = ~undefined.any(axis=0)
    if whole.any():
        low[whole], high[whole] = np.percentile(values[:, whole], ends, axis=0)
    for column in np.flatnonzero(~whole & ~undefined.all(axis=0)):
        low[column], high[column] = np.percentile(values[~undefined[:, column], column], ends)
    return low, high
