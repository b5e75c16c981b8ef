"""What a model must reach to be blessed: plain data, checked, fit for JSON, YAML and a cache key."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from components.crfsuite_baseline.options import CrfsuiteOptions, Tokens
from components.metrics.names import ENTITY, LENGTH, PRIMARY, SEEN, SEEN_METRICS, UNSEEN, length_slices
from components.model_gate.floors import FloorTarget, parse_target
from components.scores.options import IntervalKind, Length, Level, Resamples, ScoreOptions

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class CrfsuiteRule(CrfsuiteOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The CRF with hand-made features that a model must not fall below, and how it is trained.

    Attributes:
        enabled: whether it is trained and compared with; "auto": for entity tags, within `max_tokens`.
        allowed_fall: how far below it a model may be, in the primary metric's unit.
        max_tokens: of train, for "auto".
    """

    enabled: bool | Literal["auto"] = "auto"
    allowed_fall: Fraction = 0.0
    # Some ten seconds with the labels that corpora of names have.
    max_tokens: Tokens = 40_000

    @property
    def training(self) -> CrfsuiteOptions:
        """The part that training depends on: another rule does not retrain the CRF."""
        return CrfsuiteOptions(
            c1=self.c1,
            c2=self.c2,
            max_iterations=self.max_iterations,
            max_tokens=self.max_tokens if self.enabled == "auto" else None,
        )


class Evaluation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of the gate; `configs/default.yaml` explains every key.

    Attributes:
        floor: of the primary metric: entity F1 (strict), token accuracy for plain tags.
        allowed_fall: how far below the latest blessed model it may be.
        floors: further floors, by metric or metric@slice.
        slice_by, length_buckets, level, resamples, intervals: see `ScoreOptions`.
        max_calibration_error: of the tokens' confidence and of the entities'; None sets no bound.
        most_frequent_tag: of plain tags: whether a model may not be below the most frequent tag of each word.
        crfsuite: see `CrfsuiteRule`.
    """

    floor: Fraction = 0.5
    allowed_fall: Fraction = 0.01
    floors: dict[str, Fraction] = {}
    slice_by: tuple[str, ...] = ()
    length_buckets: tuple[Length, ...] = (10, 20, 40)
    level: Level = 0.95
    resamples: Resamples = 10_000
    intervals: IntervalKind = "bootstrap"
    max_calibration_error: Fraction | None = None
    most_frequent_tag: bool = True
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
                    f"slice_by: found {reserved}; expected features of the corpus: slices by {reserved} are "
                    "always computed, under that name"
                )
        if PRIMARY in self.floors:
            raise ValueError(f"floors: found {PRIMARY}; expected it as floor, which is the primary metric's")
        for text in self.floors:
            try:
                self._check_slice(parse_target(text))
            except ValueError as error:
                raise ValueError(f"floors: {error}") from None

    def _check_slice(self, target: FloorTarget) -> None:
        if not target.slice:
            return
        if target.kind == LENGTH:
            names = length_slices(self.length_buckets)
            if target.slice not in names:
                raise ValueError(f"{target}: no such slice; length_buckets make {', '.join(names) or 'none'}")
        elif target.kind == ENTITY:
            if target.slice not in (SEEN, UNSEEN):
                raise ValueError(f"{target}: no such slice; expected {SEEN} or {UNSEEN}")
            if target.metric not in SEEN_METRICS:
                raise ValueError(
                    f"{target}: only gold entities are known as seen or unseen; expected entity_recall_strict"
                )
        elif target.kind not in self.slice_by:
            raise ValueError(
                f"{target}: {target.kind} is not in slice_by, which has {', '.join(self.slice_by) or 'nothing'}; "
                "add it there"
            )

    @property
    def floor_targets(self) -> dict[FloorTarget, float]:
        """The further floors by what they are set for."""
        return {parse_target(text): floor for text, floor in self.floors.items()}

    @property
    def scores(self) -> ScoreOptions:
        """The part that decides which scores and intervals are computed."""
        return ScoreOptions(**{name: getattr(self, name) for name in ScoreOptions.__struct_fields__})
