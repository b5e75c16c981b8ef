"""Which slices are scored and how intervals are computed. Imports nothing heavy: the settings include it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Length = Annotated[int, msgspec.Meta(ge=1)]
# With fewer resamples there is no 2.5 % percentile.
Resamples = Annotated[int, msgspec.Meta(ge=100)]
Level = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
IntervalKind = Literal["bootstrap", "exact"]


class ScoreOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    slice_by: string features; every value of each is a slice.
    length_buckets: the last length of each slice by sentence length, in tokens, ascending.
    level: of all intervals.
    resamples: of the bootstrap.
    intervals: of precision, recall and accuracy; F1 and differences are always bootstrapped.
    """

    slice_by: tuple[str, ...] = ()
    length_buckets: tuple[Length, ...] = (10, 20, 40)
    level: Level = 0.95
    resamples: Resamples = 10_000
    intervals: IntervalKind = "bootstrap"
