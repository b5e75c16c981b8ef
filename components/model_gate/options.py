"""What a model must reach to be blessed: plain data, checked, fit for JSON, YAML and a cache key."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from components.crfsuite_baseline.options import CrfsuiteOptions
from components.metrics.names import (
    ENTITY,
    LENGTH,
    OF_SEEN,
    PRIMARY,
    SEEN,
    UNSEEN,
    Asked,
    length_slices,
    read_asked,
)

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
# Of fewer resamples no percentile of 2.5 % can be told.
Resamples = Annotated[int, msgspec.Meta(ge=100)]
Level = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]


class CrfsuiteRule(CrfsuiteOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The CRF with hand-made features that a model must not fall below, and how it is trained.

    Attributes:
        enabled: whether it is trained and asked.
        allowed_fall: how far below it a model may be, in the primary metric's unit.
    """

    enabled: bool = False
    allowed_fall: Fraction = 0.0

    @property
    def training(self) -> CrfsuiteOptions:
        """What its training goes by: another rule trains nothing anew."""
        return CrfsuiteOptions(c1=self.c1, c2=self.c2, max_iterations=self.max_iterations)


class Evaluation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of the gate; `configs/default.yaml` explains every key.

    Attributes:
        floor: of the primary metric: entity F1 (strict), token accuracy for plain tags.
        allowed_fall: how far below the latest blessed model it may be.
        floors: further floors, by metric or metric@slice.
        slice_by: string features that scores are sliced by.
        length_buckets: the last lengths of the sentence-length slices, in tokens.
        level: of all intervals.
        resamples: of the bootstrap.
        intervals: of precision, recall and accuracy; F1 and differences are bootstrapped always.
        max_calibration_error: of the tokens' confidence and of the entities'; None asks nothing.
        crfsuite: see `CrfsuiteRule`.
    """

    floor: Fraction = 0.5
    allowed_fall: Fraction = 0.01
    floors: dict[str, Fraction] = {}
    slice_by: tuple[str, ...] = ()
    length_buckets: tuple[Positive, ...] = (10, 20, 40)
    level: Level = 0.95
    resamples: Resamples = 10_000
    intervals: Literal["bootstrap", "exact"] = "bootstrap"
    max_calibration_error: Fraction | None = None
    crfsuite: CrfsuiteRule = CrfsuiteRule()

    def __post_init__(self) -> None:
        if list(self.length_buckets) != sorted(set(self.length_buckets)):
            raise ValueError(
                f"length_buckets: found {list(self.length_buckets)}; expected lengths that grow, such as [10, 20]"
            )
        if len(self.slice_by) > len(set(self.slice_by)):
            raise ValueError(f"slice_by: found {', '.join(self.slice_by)}; expected each feature once")
        for reserved in (LENGTH, ENTITY):
            if reserved in self.slice_by:
                raise ValueError(
                    f"slice_by: found {reserved}; expected features of the corpus: slices by {reserved} are there "
                    "of themselves, under that name"
                )
        if PRIMARY in self.floors:
            raise ValueError(f"floors: found {PRIMARY}; expected it as floor, which is the primary metric's")
        for text in self.floors:
            try:
                self._check_slice(read_asked(text))
            except ValueError as error:
                raise ValueError(f"floors: {error}") from None

    def _check_slice(self, asked: Asked) -> None:
        if not asked.slice:
            return
        if asked.kind == LENGTH:
            names = length_slices(self.length_buckets)
            if asked.slice not in names:
                raise ValueError(f"{asked}: no such slice; length_buckets make {', '.join(names) or 'none'}")
        elif asked.kind == ENTITY:
            if asked.slice not in (SEEN, UNSEEN):
                raise ValueError(f"{asked}: no such slice; expected {SEEN} or {UNSEEN}")
            if asked.metric not in OF_SEEN:
                raise ValueError(
                    f"{asked}: only gold entities are known as seen or unseen; expected entity_recall_strict"
                )
        elif asked.kind not in self.slice_by:
            raise ValueError(
                f"{asked}: {asked.kind} is not in slice_by, which has {', '.join(self.slice_by) or 'nothing'}; "
                "add it there"
            )

    @property
    def asked(self) -> dict[Asked, float]:
        """The floors by what they ask of."""
        return {read_asked(text): floor for text, floor in self.floors.items()}
