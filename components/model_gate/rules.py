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
EVALUATOR_BLESSING = "Evaluator's blessing"
DIFFERENT_TAGS, ENTITIES_FOUND = "different tags", "entities found"
NO_FALL = "no significant fall"
NOT_BELOW_CRFSUITE = "not below CRFsuite"
NOT_BELOW_MOST_FREQUENT_TAG = "not below the most frequent tag"
TOKEN_CALIBRATION, ENTITY_CALIBRATION = "calibration of tokens", "calibration of entities"
AGREEMENT = "agreement with the Evaluator"

# TFMA adds the same numbers up in another order.
_AGREEMENT_TOLERANCE = 1e-6


def rules(
    measured: Measurement,
    options: Evaluation,
    *,
    evaluator_primary: float,
    evaluator_blessed: bool,
    most_frequent_tag: float | None = None,
    no_crfsuite: str = "",
) -> list[Rule]:
    """Apply every rule: floors first, then the answers' variety, comparisons, calibration and the cross-check.

    Args:
        measured: the scores of the candidate and of the models that it is compared with.
        options: the bounds.
        evaluator_primary: the primary metric as TFX's Evaluator computed it.
        evaluator_blessed: whether the Evaluator blessed the model.
        most_frequent_tag: token accuracy of the most frequent tag of each word; only plain tags have one.
        no_crfsuite: why there is no CRFsuite to compare with; empty if there is.
    """
    analysis = measured.analysis
    floors = {FloorTarget(PRIMARY): options.floor} | options.floor_targets
    calibrations = [(TOKEN_CALIBRATION, "tokens", analysis.token_calibration)]
    if not measured.plain:
        calibrations.append((ENTITY_CALIBRATION, "entities", analysis.entity_calibration))
    return [
        *(_floor(analysis, target, bound) for target, bound in floors.items()),
        _evaluator_blessing(analysis, evaluator_primary, options.floor, evaluator_blessed),
        _different_tags(measured),
        *([] if measured.plain else [_entities_found(measured)]),
        _fall(
            NO_FALL, "the latest blessed model", analysis, analysis.overall.difference.get(analysis.primary),
            options.allowed_fall, "there is no other blessed model yet to compare with",
        ),
        _fall(
            NOT_BELOW_CRFSUITE, "CRFsuite on the same data", analysis, measured.above_crfsuite,
            options.crfsuite.allowed_fall, no_crfsuite,
        ),
        *(
            [] if most_frequent_tag is None
            else [_most_frequent_tag(analysis, most_frequent_tag, required=options.most_frequent_tag)]
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


def _evaluator_blessing(analysis: Analysis, value: float, floor: float, blessed: bool) -> Rule:
    return Rule(
        name=EVALUATOR_BLESSING,
        words=(
            f"the Evaluator {'blessed' if blessed else 'did not bless'} the model: it found {value:.4f} as "
            f"{display_name(analysis.primary)}; required: at least {floor:g}"
        ),
        passed=blessed,
        metric=analysis.primary,
        value=value,
        bound=floor,
    )


def _different_tags(measured: Measurement) -> Rule:
    count = len(measured.predicted_tags)
    if count == 1:
        words = f"the model gives every token of the test split the tag {next(iter(measured.predicted_tags))}"
    else:
        words = f"the model gives the tokens of the test split {count} different tags"
    return Rule(
        name=DIFFERENT_TAGS, words=f"{words}; required: at least 2", passed=count >= 2, value=count, bound=2
    )


def _entities_found(measured: Measurement) -> Rule:
    gold, found = measured.analysis.overall.entities, measured.predicted_entities
    return Rule(
        name=ENTITIES_FOUND,
        words=(
            f"entities that the model finds in the test split: {found:,}; those there are: {gold:,}; required: at "
            "least 1"
        ),
        passed=found > 0 or not gold,
        value=found,
        bound=1,
        skipped="" if gold else "the test split has no entity",
    )


def _most_frequent_tag(analysis: Analysis, bound: float, *, required: bool) -> Rule:
    value = analysis.overall.candidate["token_accuracy"].value
    return Rule(
        name=NOT_BELOW_MOST_FREQUENT_TAG,
        words=(
            f"token accuracy is {value:.4f}, that of the most frequent tag of each word {bound:.4f}; required: no less"
        ),
        passed=value >= bound or not required,
        metric="token_accuracy",
        value=value,
        bound=bound,
        skipped="" if required else "evaluation.most_frequent_tag is false",
    )


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
