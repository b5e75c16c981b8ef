"""`analysis.json`: scores with intervals, by slice, and calibration; ModelGate writes it beside its verdict."""

from __future__ import annotations

import msgspec

FILE_NAME = "analysis.json"

# The slice that is the whole test split.
OVERALL = ""


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value and its interval; `low` and `high` are None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of a part of the test split, by the keys of `components.metrics.tagging_metrics`.

    Attributes:
        name: such as `domain=news`, `length=1-10`, `entity=unseen`; `OVERALL` for everything.
        sentences, tokens, entities: how many it has (entities: in the gold tags).
        candidate: the candidate's metrics.
        baseline: those of the latest blessed model; empty without one.
        difference: candidate less baseline, with the paired interval; empty without a baseline.
        crfsuite: metrics of the CRFsuite baseline; empty without one.
    """

    name: str
    sentences: int
    tokens: int
    entities: int
    candidate: dict[str, Estimate]
    baseline: dict[str, Estimate] = {}
    difference: dict[str, Estimate] = {}
    crfsuite: dict[str, Estimate] = {}


class Bin(msgspec.Struct, frozen=True):
    """Answers with `low` < confidence <= `high`: how many, their mean confidence and the share that is right."""

    low: float
    high: float
    count: int
    mean_confidence: float
    right: float


class Calibration(msgspec.Struct, frozen=True):
    """How far the confidence is from the share of right answers.

    Attributes:
        expected_error: mean over all answers of |mean confidence - share right| of their bin, 0..1.
        bins: those that are not empty.
    """

    expected_error: float
    bins: list[Bin]


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """All that was computed.

    Attributes:
        primary: the metric that the gate goes by, `entity_f1_strict` or `token_accuracy`.
        level: of the intervals, such as 0.95.
        resamples: of the bootstrap.
        slices: the whole test split first, then by name.
        empty: names of slices in the options that no sentence belongs to.
        token_calibration, entity_calibration: None without confidence, or without entities.
    """

    primary: str
    level: float
    resamples: int
    slices: list[Slice]
    empty: list[str] = []
    token_calibration: Calibration | None = None
    entity_calibration: Calibration | None = None

    @property
    def overall(self) -> Slice:
        """The whole test split."""
        return self.slices[0]

    def to_json(self) -> str:
        """Encode as a JSON object; `from_json` decodes it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Analysis:
        """Decode what `to_json` encoded."""
        return msgspec.json.decode(text, type=cls)
