"""Options of the gate that are accepted, and those that are refused before anything runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from components.crfsuite_baseline.options import CrfsuiteOptions
from components.model_gate.options import Evaluation


def refusal(**changes: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(changes, Evaluation)
    return str(caught.value)


def test_floors_for_every_kind_of_target_are_accepted() -> None:
    floors = {
        "primary@domain=news": 0.1,
        "entity_f1_strict/PER": 0.2,
        "entity_f1_conlleval@length=11-20": 0.3,
        "entity_recall_strict/LOC@entity=unseen": 0.4,
        "entity_f1_overlap": 0.5,
        "tag_accuracy/NOUN": 0.6,
        "token_accuracy@length=41+": 0.7,
    }
    found = msgspec.convert({"floors": floors, "slice_by": ["domain"]}, Evaluation)
    assert {str(target): floor for target, floor in found.floor_targets.items()} == floors


@pytest.mark.parametrize(
    ("floor", "message"),
    [
        ("f1", "floors: f1: no such metric; expected one of primary, token_accuracy,"),
        ("entity_f1", "floors: entity_f1: no such metric"),
        ("entities/PER", "floors: entities/PER: no such metric"),
        ("", "floors: found ''; expected metric or metric@slice"),
        ("token_accuracy/PER", "floors: token_accuracy/PER: token_accuracy is not computed by label"),
        ("entity_f1_conlleval/PER", "entity_f1_conlleval is not computed by label"),
        ("entity_f1_strict/", "entity_f1_strict is not computed by label"),
        ("tag_f1", "floors: tag_f1: expected the tag meant, such as tag_f1/NOUN"),
        ("primary@news", "floors: primary@news: no such metric"),
        ("primary@genre=news", "genre is not in slice_by, which has domain; add it there"),
        ("primary@length=1-11", "no such slice; length_buckets make length=1-10, length=11-20,"),
        ("primary@length=41", "no such slice; length_buckets make"),
        ("entity_recall_strict@entity=new", "no such slice; expected entity=seen or entity=unseen"),
        ("entity_f1_strict@entity=seen", "only gold entities are known as seen or unseen"),
        ("primary@entity=seen", "only gold entities are known as seen or unseen"),
    ],
)
def test_an_impossible_floor_is_refused(floor: str, message: str) -> None:
    assert message in refusal(floors={floor: 0.5}, slice_by=["domain"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length_buckets": [10, 5]}, "length_buckets: found [10, 5]; expected lengths that grow"),
        ({"length_buckets": [5, 5]}, "length_buckets: found [5, 5]; expected lengths that grow"),
        ({"length_buckets": [0]}, "Expected `int` >= 1"),
        ({"slice_by": ["length"]}, "slice_by: found length; expected features of the corpus"),
        ({"slice_by": ["entity"]}, "slice_by: found entity; expected features of the corpus"),
        ({"slice_by": ["domain", "domain"]}, "slice_by: found domain, domain; expected each feature once"),
        ({"level": 1.0}, "Expected `float` < 1.0"),
        ({"resamples": 10}, "Expected `int` >= 100"),
        ({"intervals": "normal"}, "Invalid enum value 'normal'"),
        ({"floors": {"token_accuracy": 1.5}}, "Expected `float` <= 1.0"),
        ({"floors": {"primary": 0.5}}, "floors: found primary; expected it as floor"),
        ({"max_calibration_error": -0.1}, "Expected `float` >= 0.0"),
        ({"crfsuite": {"allowed_fall": -0.1}}, "Expected `float` >= 0.0"),
    ],
)
def test_impossible_options_are_refused(changes: dict[str, Any], message: str) -> None:
    assert message in refusal(**changes)


def test_another_rule_does_not_retrain_the_crf() -> None:
    options = msgspec.convert(
        {"crfsuite": {"enabled": True, "allowed_fall": 0.1, "c1": 0.5, "max_iterations": 7}}, Evaluation
    )
    assert options.crfsuite.training == CrfsuiteOptions(c1=0.5, max_iterations=7)
    assert type(options.crfsuite.training) is CrfsuiteOptions
    # The size decides with `auto` alone, which is the default.
    assert Evaluation().crfsuite.training == CrfsuiteOptions(max_tokens=40_000)
