"""What the gate asks of a model, and what it found, in numbers and in words."""

from __future__ import annotations

from components.metrics.display_names import spoken
from components.metrics.names import PRIMARY, Asked
from components.model_gate.measuring.analysis import OVERALL, Analysis, Calibration, Estimate, Slice
from components.model_gate.measuring.measure import Measured
from components.model_gate.options import Evaluation
from components.verdict import Rule

# Names of rules.
FLOOR = "floor"
NO_FALL = "no significant fall"
NOT_BELOW_CRFSUITE = "not below CRFsuite"
TOKEN_CALIBRATION, ENTITY_CALIBRATION = "calibration of tokens", "calibration of entities"
AGREEMENT = "agreement with the Evaluator"

# Two roads to one number: TFMA's sums in its own order.
_SAME = 1e-6


def rules(measured: Measured, options: Evaluation, *, evaluator_primary: float) -> list[Rule]:
    """Every rule, in the order in which a person asks.

    Args:
        measured: of the candidate and of what it is compared with.
        options: the bounds.
        evaluator_primary: the primary metric as the Evaluator found it.
    """
    analysis = measured.analysis
    asked = {Asked(PRIMARY): options.floor} | options.asked
    return [
        *(_floor(analysis, about, bound) for about, bound in asked.items()),
        _fall(
            NO_FALL, "the latest blessed model", analysis, _difference(analysis), options.allowed_fall,
            "there is no other blessed model yet to compare with",
        ),
        _fall(
            NOT_BELOW_CRFSUITE, "CRFsuite on the same data", analysis, measured.above_crfsuite,
            options.crfsuite.allowed_fall, "evaluation.crfsuite.enabled is false",
        ),
        _calibration(TOKEN_CALIBRATION, "tokens", analysis.token_calibration, options.max_calibration_error),
        *(
            []
            if measured.plain
            else [
                _calibration(
                    ENTITY_CALIBRATION, "entities", analysis.entity_calibration, options.max_calibration_error
                )
            ]
        ),
        _agreement(analysis, evaluator_primary),
    ]  # fmt: skip


def _difference(analysis: Analysis) -> Estimate | None:
    return analysis.overall.difference.get(analysis.primary)


def _floor(analysis: Analysis, asked: Asked, bound: float) -> Rule:
    metric = analysis.primary if asked.metric == PRIMARY else asked.key
    name = spoken(metric, {})
    where = f"on {asked.slice}" if asked.slice else "on the test split"
    part = next((found for found in analysis.slices if found.name == (asked.slice or OVERALL)), None)
    if reason := _nothing(part, metric, asked):
        return Rule(
            name=FLOOR, words=f"{name} is not asked {where}: {reason}", passed=True, metric=metric,
            slice=asked.slice, bound=bound, skipped=reason,
        )  # fmt: skip
    assert part is not None
    found = part.candidate[metric]
    return Rule(
        name=FLOOR,
        words=f"{name} is {found.value:.4f} {where}{_interval(analysis, found)}; asked: at least {bound:g}",
        passed=found.value >= bound,
        metric=metric,
        slice=asked.slice,
        value=found.value,
        bound=bound,
        low=found.low,
        high=found.high,
    )


def _nothing(part: Slice | None, metric: str, asked: Asked) -> str:
    """Why a floor cannot be asked in a slice: it has nothing of the kind. Empty if it can."""
    if part is None:
        return f"no sentence of the test split is {asked.slice}"
    if not part.name:
        return ""  # what the whole split lacks is a mistake in the settings, see `floors`
    if metric.startswith("entity_"):
        gold = (
            part.candidate.get(f"entities/{asked.label}", Estimate(0.0)).value
            if asked.label
            else part.entities
        )
        return "" if gold else f"{part.name} has no {asked.label or 'entity'}".rstrip()
    if not asked.label:
        return ""
    # Only the accuracy tells: other models' answers may have put the tag's scores here, and F1 is 0 then.
    accuracy = part.candidate.get(f"tag_accuracy/{asked.label}")
    return "" if accuracy is not None and accuracy.low is not None else f"{part.name} has no {asked.label}"


def _fall(
    name: str, other: str, analysis: Analysis, found: Estimate | None, allowed: float, without: str
) -> Rule:
    spoken_ = spoken(analysis.primary, {})
    if found is None:
        return Rule(
            name=name, words=f"{spoken_} is not compared with {other}: {without}", passed=True,
            metric=analysis.primary, bound=0.0 - allowed, skipped=without,
        )  # fmt: skip
    high = found.value if found.high is None else found.high
    passed = high >= -allowed
    interval = _interval(analysis, found, of=" of the difference")
    if passed:
        words = f"{spoken_} is {found.value:+.4f} against {other}{interval}; no significant fall beyond {allowed:g}"
    else:
        words = f"{spoken_} fell by {-found.value:.4f} below {other}{interval}; allowed: {allowed:g}"
    return Rule(
        name=name,
        words=words,
        passed=passed,
        metric=analysis.primary,
        value=found.value,
        bound=0.0 - allowed,
        low=found.low,
        high=found.high,
    )


def _calibration(name: str, of: str, found: Calibration | None, bound: float | None) -> Rule:
    metric = "expected_calibration_error"
    if found is None:
        reason = f"no {of} with a confidence"
        return Rule(
            name=name, words=f"the calibration of {of} is not known: {reason}", passed=True, metric=metric,
            bound=bound, skipped=reason,
        )  # fmt: skip
    words = f"the confidence of {of} is off by {found.expected_error:.4f} (expected calibration error)"
    if bound is None:
        return Rule(
            name=name, words=f"{words}; no bound is set", passed=True, metric=metric,
            value=found.expected_error, skipped="evaluation.max_calibration_error is not set",
        )  # fmt: skip
    return Rule(
        name=name,
        words=f"{words}; asked: at most {bound:g}",
        passed=found.expected_error <= bound,
        metric=metric,
        value=found.expected_error,
        bound=bound,
    )


def _agreement(analysis: Analysis, evaluator: float) -> Rule:
    found = analysis.overall.candidate[analysis.primary].value
    name, passed = spoken(analysis.primary, {}), abs(found - evaluator) <= _SAME
    if passed:
        words = f"the Evaluator found the same {name}, {evaluator:.4f}"
    else:
        words = (
            f"the Evaluator found {evaluator:.6f} as {name}, the answers amount to {found:.6f}; expected the same: "
            "run the pipeline without its cache (pipeline.cache=false)"
        )
    return Rule(
        name=AGREEMENT,
        words=words,
        passed=passed,
        metric=analysis.primary,
        value=found - evaluator,
        bound=_SAME,
    )


def _interval(analysis: Analysis, found: Estimate, of: str = "") -> str:
    if found.low is None or found.high is None:
        return ""
    return f" ({analysis.level * 100:g} % interval{of} {found.low:.4f} to {found.high:.4f})"
