"""Upper bounds of what serving a model costs: time of an answer, bytes on the disk."""

from __future__ import annotations

from typing import Annotated

import msgspec

from components.verdict import Rule

MEDIAN, P99, SIZE = "median latency", "p99 latency", "model size"
# A model over a budget works, and its push may be forced.
BUDGETS = (MEDIAN, P99, SIZE)

BYTES_A_MB = 1_000_000

Above0 = Annotated[float, msgspec.Meta(gt=0.0)]


class Budgets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds; None sets none.

    Attributes:
        max_median_ms: median latency of an answer to a single sentence, in milliseconds.
        max_p99_ms: 99th percentile of the same.
        max_model_mb: of all the model's files, in millions of bytes.
    """

    max_median_ms: Above0 | None = None
    max_p99_ms: Above0 | None = None
    max_model_mb: Above0 | None = None


def rules(budgets: Budgets, *, median_ms: float | None, p99_ms: float | None, model_bytes: int) -> list[Rule]:
    """Apply a rule for each budget, also for those without a bound.

    Args:
        budgets: the bounds.
        median_ms, p99_ms: as measured; None if the server did not answer, in which case another rule has failed.
        model_bytes: of all the model's files.
    """
    return [
        _rule(MEDIAN, median_ms, budgets.max_median_ms, "ms", "serving.max_median_ms"),
        _rule(P99, p99_ms, budgets.max_p99_ms, "ms", "serving.max_p99_ms"),
        _rule(SIZE, model_bytes / BYTES_A_MB, budgets.max_model_mb, "MB", "serving.max_model_mb"),
    ]


def _rule(name: str, value: float | None, bound: float | None, unit: str, setting: str) -> Rule:
    if value is None:
        return Rule(
            name=name, words=f"the {name} is not known: the server did not answer", passed=True, bound=bound,
            skipped="the server did not answer",
        )  # fmt: skip
    words = f"the {name} is {value:.4g} {unit}"
    if bound is None:
        return Rule(
            name=name,
            words=f"{words}; no bound is set",
            passed=True,
            value=value,
            skipped=f"{setting} is not set",
        )
    return Rule(
        name=name,
        words=f"{words}; allowed: at most {bound:g} {unit}",
        passed=value <= bound,
        value=value,
        bound=bound,
    )
