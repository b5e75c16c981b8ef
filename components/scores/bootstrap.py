"""Paired bootstrap over sentences, of integer counts.

A resample draws as many sentences as there are, with replacement, and sums their counts. A row has the counts of all
models on a sentence, so that every model is scored on the same resamples. Percentile intervals; see
B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

# Draws in memory at a time: 8 bytes each, and as many again while they are counted.
_DRAWS = 2_000_000
# Integers below this are exact in float32, in which products are faster.
_EXACT_IN_FLOAT32 = 2**24

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def resampled_sums(counts: Counts, *, resamples: int, seed: int) -> Values:
    """Sum counts over resampled sentences.

    The result does not depend on the order of the sentences.

    Args:
        counts: int[S, M], of S sentences.
        resamples: R.
        seed: of the draws.

    Returns:
        float[R, M], whole numbers.

    Raises:
        ValueError: there are no sentences.
    """
    sentences = len(counts)
    if not sentences:
        raise ValueError("found no sentence to resample; expected one or more")
    # Many sentences have the same counts: distinct rows, int[U, M], are few.
    rows, times = np.unique(counts, axis=0, return_counts=True)
    exact = sentences * int(np.abs(rows).max(initial=0)) < _EXACT_IN_FLOAT32
    number = np.float32 if exact else np.float64
    factors: npt.NDArray[Any] = rows.astype(number)
    sums = np.empty((resamples, counts.shape[1]))
    begin = 0
    for drawn in _draw_counts(times, resamples=resamples, seed=seed):
        weights: npt.NDArray[Any] = drawn.astype(number)
        sums[begin : begin + len(drawn)] = weights @ factors
        begin += len(drawn)
    return sums


def _draw_counts(
    times: npt.NDArray[np.int64], *, resamples: int, seed: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield how often each of U distinct rows is drawn, int[r, U], in chunks of r resamples.

    Args:
        times: int[U], how many sentences have each row.
        resamples: sum of the r.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    distinct, sentences = len(times), int(times.sum())
    row_of = np.repeat(np.arange(distinct), times)  # [S]
    chunk = max(1, _DRAWS // sentences)
    for begin in range(0, resamples, chunk):
        size = min(chunk, resamples - begin)
        drawn = row_of[generator.integers(0, sentences, size=(size, sentences))]
        drawn += np.arange(size)[:, None] * distinct
        yield np.bincount(drawn.ravel(), minlength=size * distinct).reshape(size, distinct)


def percentile_intervals(values: Values, *, level: float) -> tuple[Values, Values]:
    """Compute the lower and upper ends, float[K] each, of values over resamples.

    Args:
        values: float[R, K]; NaN where a value is undefined on a resample, such as F1 without entities: such
            resamples are left out.
        level: share of the resamples within, such as 0.95.

    Returns:
        The ends; NaN where the value is undefined on every resample.
    """
    ends = 100 * np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = np.full((2, values.shape[1]), np.nan)
    undefined = np.isnan(values)
    defined = ~undefined.any(axis=0)
    if defined.any():
        low[defined], high[defined] = np.percentile(values[:, defined], ends, axis=0)
    for column in np.flatnonzero(~defined & ~undefined.all(axis=0)):
        low[column], high[column] = np.percentile(values[~undefined[:, column], column], ends)
    return low, high
