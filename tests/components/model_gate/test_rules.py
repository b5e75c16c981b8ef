"""Every rule passed, failed and skipped, in numbers and in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from components.model_gate.options import CrfsuiteRule, Evaluation
from components.model_gate.rules import rules
from components.scores.analysis import Analysis, Bin, Calibration, Estimate, Slice
from components.scores.measure import Measurement, measure
from components.verdict import Rule
from tagging.schemes import PLAIN
from tests.components.scores.handmade_answers import answer, answer_files


def part(name: str, value: float, **more: Any) -> Slice:
    values: dict[str, Any] = {
        "sentences": 10, "tokens": 50, "entities": 20,
        "candidate": {
            "entity_f1_strict": Estimate(value, value - 0.1, value + 0.05),
            "entity_f1_strict/PER": Estimate(value / 2, 0.1, 0.6),
            "entity_recall_strict": Estimate(value),
            "token_accuracy": Estimate(0.9, 0.85, 0.95),
            "entities/PER": Estimate(20.0),
        },
    }  # fmt: skip
    return Slice(name=name, **(values | more))


def measured(*slices: Slice, above_crfsuite: Estimate | None = None, **changes: Any) -> Measurement:
    calibration = Calibration(0.04, [Bin(0.9, 1.0, 10, 0.94, 0.9)])
    analysis = Analysis(
        primary="entity_f1_strict", level=0.95, resamples=1000, slices=list(slices) or [part("", 0.8)],
        token_calibration=calibration, entity_calibration=calibration,
    )  # fmt: skip
    return Measurement(
        analysis=msgspec.structs.replace(analysis, **changes),
        plain=False,
        labels=frozenset({"PER"}),
        values={},
        above_crfsuite=above_crfsuite,
        predicted_tags=frozenset({"O", "B-PER"}),
        predicted_entities=20,
    )


def applied(found: Measurement, evaluator: float = 0.8, **options: Any) -> list[Rule]:
    return rules(
        found,
        Evaluation(**options),
        evaluator_primary=evaluator,
        evaluator_blessed=True,
        no_crfsuite="" if found.above_crfsuite else "there is none",
    )


def named(found: list[Rule], name: str) -> Rule:
    (rule,) = [rule for rule in found if rule.name == name]
    return rule


def test_a_model_that_is_good_enough_passes_everything() -> None:
    found = applied(measured())
    assert [rule.name for rule in found] == [
        "floor", "Evaluator's blessing", "different tags", "entities found", "no significant fall",
        "not below CRFsuite", "calibration of tokens", "calibration of entities",
        "agreement with the Evaluator",
    ]  # fmt: skip
    assert all(rule.passed for rule in found)


@pytest.mark.parametrize(("floor", "passed"), [(0.79, True), (0.8, True), (0.81, False)])
def test_the_floor_of_the_primary_metric(floor: float, passed: bool) -> None:
    rule = named(applied(measured(), floor=floor), "floor")
    assert rule == Rule(
        name="floor",
        words="entity F1 (strict) is 0.8000 on the test split (95 % interval 0.7000 to 0.8500); required: at least "
        f"{floor:g}",
        passed=passed,
        metric="entity_f1_strict",
        value=0.8,
        bound=floor,
        low=0.8 - 0.1,
        high=0.8 + 0.05,
    )


@pytest.mark.parametrize(
    ("floor", "words"),
    [
        ("entity_f1_strict/PER", "entity F1 (strict) of PER is 0.4000 on the test split (95 % interval"),
        ("entity_f1_strict/PER@domain=news", "entity F1 (strict) of PER is 0.3000 on domain=news (95 %"),
        ("entity_recall_strict@domain=news", "entity recall (strict) is 0.6000 on domain=news; required: at"),
        ("primary@domain=news", "entity F1 (strict) is 0.6000 on domain=news (95 % interval 0.5000 to"),
    ],
)
def test_a_floor_of_a_label_or_a_slice_refuses(floor: str, words: str) -> None:
    found = applied(
        measured(part("", 0.8), part("domain=news", 0.6)), floors={floor: 0.7}, slice_by=("domain",)
    )
    (failed,) = [rule for rule in found if not rule.passed]
    assert failed.words.startswith(words)
    assert failed.words.endswith("required: at least 0.7")
    assert failed.slice == ("domain=news" if "@" in floor else "")
    assert all(rule.passed for rule in applied(measured(), floors={floor: 0.2}, slice_by=("domain",)))


@pytest.mark.parametrize(
    ("floor", "slices", "why"),
    [
        ("primary@length=1-10", [], "no sentence of the test split is length=1-10"),
        (
            "entity_f1_strict/PER@length=1-10",
            [part("length=1-10", 0.0, entities=3, candidate={"entity_f1_strict": Estimate(0.2)})],
            "length=1-10 has no PER",
        ),
        (
            "primary@length=1-10",
            [part("length=1-10", 0.0, entities=0, candidate={"entity_f1_strict": Estimate(0.0)})],
            "length=1-10 has no entity",
        ),
        (
            "tag_f1/NOUN@length=1-10",
            [part("length=1-10", 0.0, candidate={"token_accuracy": Estimate(1.0)})],
            "length=1-10 has no NOUN",
        ),
    ],
)
def test_a_floor_on_a_slice_without_data_is_skipped(floor: str, slices: list[Slice], why: str) -> None:
    rule = applied(measured(part("", 0.8), *slices), floors={floor: 0.9})[1]
    assert rule.passed
    assert rule.skipped == why
    assert rule.words.endswith(f"is applied on length=1-10: {why}")
    assert rule.value is None


@pytest.mark.parametrize("metric", ["tag_f1", "tag_accuracy"])
@pytest.mark.parametrize("other", ["baseline", "crfsuite"])
def test_tags_of_other_models_do_not_count_as_data_of_a_floor(
    tmp_path: Path, metric: str, other: str
) -> None:
    chat, news = ({"features": {"domain": domain}} for domain in ("chat", "news"))
    right = [answer("NOUN VERB", **chat), answer("NOUN NOUN", **news)]
    stray = [right[0], answer("NOUN NOUN", "NOUN VERB", **news)]
    files = answer_files(tmp_path, **{"candidate": right, other: stray})
    options = Evaluation(resamples=100, slice_by=("domain",), floors={f"{metric}/VERB@domain=news": 0.5})
    rule = rules(
        measure(files, PLAIN, options.scores), options, evaluator_primary=1.0, evaluator_blessed=True
    )[1]
    assert (rule.passed, rule.skipped) == (True, "domain=news has no VERB")
    # Where the slice has the tag, its floor is applied.
    options = msgspec.structs.replace(options, floors={f"{metric}/VERB@domain=chat": 0.5})
    rule = rules(
        measure(files, PLAIN, options.scores), options, evaluator_primary=1.0, evaluator_blessed=True
    )[1]
    assert (rule.passed, rule.skipped, rule.value) == (True, "", 1.0)


def test_a_floor_on_a_label_that_is_never_predicted_fails() -> None:
    candidate = {"entity_f1_strict/PER": Estimate(0.0, 0.0, 0.0), "entities/PER": Estimate(2.0)}
    slices = [part("", 0.8), part("length=1-10", 0.0, candidate=candidate)]
    rule = applied(measured(*slices), floors={"entity_f1_strict/PER@length=1-10": 0.1})[1]
    assert not rule.passed


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [(-0.5, -0.0101, False), (-0.5, -0.01, True), (-0.5, 0.3, True), (0.1, 0.3, True), (-0.5, -0.009, True)],
)
def test_a_fall_is_refused_where_the_whole_interval_is_below_the_bound(
    low: float, high: float, passed: bool
) -> None:
    against = part("", 0.8, difference={"entity_f1_strict": Estimate(-0.0321, low, high)})
    rule = named(applied(measured(against), allowed_fall=0.01), "no significant fall")
    assert rule.passed == passed
    assert (rule.value, rule.bound, rule.low, rule.high, rule.skipped) == (-0.0321, -0.01, low, high, "")
    interval = f"(95 % interval of the difference {low:.4f} to {high:.4f})"
    if passed:
        begin = (
            f"entity F1 (strict) is -0.0321 against the latest blessed model {interval}; no significant fall"
        )
    else:
        begin = f"entity F1 (strict) fell by 0.0321 below the latest blessed model {interval}; allowed: 0.01"
    assert rule.words.startswith(begin)


def test_without_a_blessed_model_the_comparison_is_skipped() -> None:
    rule = named(applied(measured()), "no significant fall")
    assert rule.passed
    assert rule.skipped == "there is no other blessed model yet to compare with"


@pytest.mark.parametrize(("allowed", "passed"), [(0.0, False), (0.05, True)])
def test_crfsuite_has_an_allowed_fall_of_its_own(allowed: float, passed: bool) -> None:
    found = applied(
        measured(above_crfsuite=Estimate(-0.04, -0.06, -0.02)),
        allowed_fall=0.5,
        crfsuite=CrfsuiteRule(enabled=True, allowed_fall=allowed),
    )
    rule = named(found, "not below CRFsuite")
    assert rule.passed == passed
    assert "CRFsuite on the same data" in rule.words


def test_without_crfsuite_the_comparison_is_skipped() -> None:
    rule = named(applied(measured()), "not below CRFsuite")
    assert rule.skipped == "there is none"
    assert rule.bound == 0.0


@pytest.mark.parametrize(("bound", "passed"), [(None, True), (0.04, True), (0.039, False)])
def test_calibration_is_always_reported_and_refused_above_a_bound(bound: float | None, passed: bool) -> None:
    found = applied(measured(), max_calibration_error=bound)
    for of in ("tokens", "entities"):
        rule = named(found, f"calibration of {of}")
        assert rule.passed == passed
        assert rule.value == 0.04
        assert rule.words.startswith(
            f"the confidence of {of} is off by 0.0400 (expected calibration error); "
        )
        assert bool(rule.skipped) == (bound is None)


def test_without_confidence_calibration_is_skipped() -> None:
    found = applied(measured(token_calibration=None, entity_calibration=None), max_calibration_error=0.0)
    assert named(found, "calibration of tokens").skipped == "no tokens with a confidence"
    assert named(found, "calibration of entities").passed


@pytest.mark.parametrize(
    ("evaluator", "passed"), [(0.8 + 9e-7, True), (0.8 - 9e-7, True), (0.8 + 2e-6, False)]
)
def test_the_evaluator_must_agree(evaluator: float, passed: bool) -> None:
    rule = named(applied(measured(), evaluator), "agreement with the Evaluator")
    assert rule.passed == passed
    assert ("run the pipeline without its cache" in rule.words) != passed


def test_plain_tags_have_no_entities_to_calibrate() -> None:
    analysis = Analysis(
        primary="token_accuracy",
        level=0.9,
        resamples=1000,
        slices=[part("", 0.0, entities=0, candidate={"token_accuracy": Estimate(0.9, 0.8, 0.95)})],
    )
    tags = frozenset({"NOUN", "VERB"})
    found = applied(Measurement(analysis, True, tags, {}, None, tags, 0), 0.9, floor=0.91)
    assert not {"calibration of entities", "entities found"} & {rule.name for rule in found}
    assert named(found, "floor").words == (
        "token accuracy is 0.9000 on the test split (90 % interval 0.8000 to 0.9500); required: at least 0.91"
    )
    assert not named(found, "floor").passed
