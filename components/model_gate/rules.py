"""The rules that a model must meet, each with its value and bound in numbers and in words."""

from __future__ import annotations

from components.metrics.display_names import display_name
from components.metrics.names import PRIMARY
from components.model_gate.floors import FloorTarget
from components.model_gate.options import Evaluation
from components.scores.analysis import OVERALL, Analysis, Calibration, Estimate, Slice
from components.scores.measure import Measurement
from components.verdict import Rule

# Names of rules.
FLOOR = "floor"
NO_FALL = "no significant fall"
NOT_BELOW_CRFSUITE = "not below CRFsuite"
TOKEN_CALIBRATION, ENTITY_CALIBRATION = "calibration of tokens", "calibration of entities"
AGREEMENT = "agreement with the Evaluator"

# TFMA adds the same numbers up in another order.
_AGREEMENT_TOLERANCE = 1e-6


def rules(measured: Measurement, options: Evaluation, *, evaluator_primary: float) -> list[Rule]:
    """Apply every rule: floors first, then comparisons, calibration and the cross-check.

    Args:
        measured: the scores of the candidate and of the models that it is compared with.
        options: the bounds.
        evaluator_primary: the primary metric as TFX's Evaluator computed it.
    """
    analysis = measured.analysis
    floors = {FloorTarget(PRIMARY): options.floor} | options.floor_targets
    calibrations = [(TOKEN_CALIBRATION, "tokens", analysis.token_calibration)]
    if not measured.plain:
        calibrations.append((ENTITY_CALIBRATION, "entities", analysis.entity_calibration))
    return [
        *(_floor(analysis, target, bound) for target, bound in floors.items()),
        _fall(
            NO_FALL, "the latest blessed model", analysis, analysis.overall.difference.get(analysis.primary),
            options.allowed_fall, "there is no other blessed model yet to compare with",
        ),
        _fall(
            NOT_BELOW_CRFSUITE, "CRFsuite on the same data", analysis, measured.above_crfsuite,
            options.crfsuite.allowed_fall, "evaluation.crfsuite.enabled is false",
        ),
        *(_calibration(*calibration, options.max_calibration_error) for calibration in calibrations),
        _agreement(analysis, evaluator_primary),
    ]  # fmt: skip


def _floor(analysis: Analysis, target: FloorTarget, bound: float) -> Rule:
    metric = analysis.primary if target.metric == PRIMARY else target.key
    name = display_name(metric)
    where = f"on {target.slice}" if target.slice else "on the test split"
    part = next((part for part in analysis.slices if part.name == (target.slice or OVERALL)), None)
    if reason := _no_data(part, metric, target):
        return Rule(
            name=FLOOR, words=f"no floor of {name} is applied {where}: {reason}", passed=True, metric=metric,
            slice=target.slice, bound=bound, skipped=reason,
        )  # fmt: skip
    assert part is not None
    score = part.candidate[metric]
    return Rule(
        name=FLOOR,
        words=f"{name} is {score.value:.4f} {where}{_interval(analysis, score)}; required: at least {bound:g}",
        passed=score.value >= bound,
        metric=metric,
        slice=target.slice,
        value=score.value,
        bound=bound,
        low=score.low,
        high=score.high,
    )


def _no_data(part: Slice | None, metric: str, target: FloorTarget) -> str:
    """Why a slice has no data for a floor; empty if it has."""
    if part is None:
        return f"no sentence of the test split is {target.slice}"
    if not part.name:
        return ""  # `floors.require_data` refuses a floor that the whole split has no data for
    if metric.startswith("entity_"):
        gold = (
            part.candidate.get(f"entities/{target.label}", Estimate(0.0)).value
            if target.label
            else part.entities
        )
        return "" if gold else f"{part.name} has no {target.label or 'entity'}"
    if not target.label:
        return ""
    # By the accuracy, which only gold tags define: F1 is here, as 0, also where another model predicted the tag.
    accuracy = part.candidate.get(f"tag_accuracy/{target.label}")
    return "" if accuracy is not None and accuracy.low is not None else f"{part.name} has no {target.label}"


def _fall(
    name: str, other: str, analysis: Analysis, difference: Estimate | None, allowed: float, missing: str
) -> Rule:
    metric = display_name(analysis.primary)
    if difference is None:
        return Rule(
            name=name, words=f"{metric} is not compared with {other}: {missing}", passed=True,
            metric=analysis.primary, bound=0.0 - allowed, skipped=missing,
        )  # fmt: skip
    high = difference.value if difference.high is None else difference.high
    passed = high >= -allowed
    interval = _interval(analysis, difference, of=" of the difference")
    if passed:
        words = (
            f"{metric} is {difference.value:+.4f} against {other}{interval}; no significant fall beyond "
            f"{allowed:g}"
        )
    else:
        words = f"{metric} fell by {-difference.value:.4f} below {other}{interval}; allowed: {allowed:g}"
    return Rule(
        name=name,
        words=words,
        passed=passed,
        metric=analysis.primary,
        value=difference.value,
        bound=0.0 - allowed,
        low=difference.low,
        high=difference.high,
    )


def _calibration(name: str, unit: str, calibration: Calibration | None, bound: float | None) -> Rule:
    metric = "expected_calibration_error"
    if calibration is None:
        reason = f"no {unit} with a confidence"
        return Rule(
            name=name, words=f"the calibration of {unit} is not known: {reason}", passed=True, metric=metric,
            bound=bound, skipped=reason,
        )  # fmt: skip
    error = calibration.expected_error
    words = f"the confidence of {unit} is off by {error:.4f} (expected calibration error)"
    if bound is None:
        return Rule(
            name=name, words=f"{words}; no bound is set", passed=True, metric=metric,
            value=error, skipped="evaluation.max_calibration_error is not set",
        )  # fmt: skip
    return Rule(
        name=name,
        words=f"{words}; allowed: at most {bound:g}",
        passed=error <= bound,
        metric=metric,
        value=error,
        bound=bound,
    )


def _agreement(analysis: Analysis, evaluator: float) -> Rule:
    own = analysis.overall.candidate[analysis.primary].value
    name, passed = display_name(analysis.primary), abs(own - evaluator) <= _AGREEMENT_TOLERANCE
    if passed:
        words = f"the Evaluator found the same {name}, {evaluator:.4f}"
    else:
        words = (
            f"the Evaluator found {evaluator:.6f} as {name}, the answers amount to {own:.6f}; expected the same: "
            "run the pipeline without its cache (pipeline.cache=false)"
        )
    return Rule(
        name=AGREEMENT,
        words=words,
        passed=passed,
        metric=analysis.primary,
        value=own - evaluator,
        bound=_AGREEMENT_TOLERANCE,
    )


def _interval(analysis: Analysis, estimate: Estimate, of: str = "") -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({analysis.level * 100:g} % interval{of} {estimate.low:.4f} to {estimate.high:.4f})"
