"""Floors that can be, and those that are refused before anything is read, or runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from components.crfsuite_baseline.options import CrfsuiteOptions
from components.metrics.names import Asked, primary_of, read_asked
from components.model_gate.floors import FloorWithoutData, require_data
from components.model_gate.options import Evaluation


def refusal(**changes: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(changes, Evaluation)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("primary", Asked("primary")),
        ("entity_f1_strict/PER", Asked("entity_f1_strict", "PER")),
        ("entity_recall_strict@domain=news", Asked("entity_recall_strict", "", "domain=news")),
        ("entity_f1_strict/a/b@domain=a=b@c", Asked("entity_f1_strict", "a/b", "domain=a=b@c")),
        ("tag_f1/@", Asked("tag_f1", "@")),
        ("tag_accuracy/@@length=1-10", Asked("tag_accuracy", "@", "length=1-10")),
        ("entity_f1_strict/creative-work", Asked("entity_f1_strict", "creative-work")),
    ],
)
def test_a_floor_says_what_it_is_about(text: str, parts: Asked) -> None:
    assert read_asked(text) == parts
    assert str(parts) == text


def test_every_floor_that_can_be_is_taken() -> None:
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
    assert {str(asked): floor for asked, floor in found.asked.items()} == floors


@pytest.mark.parametrize(
    ("floor", "told"),
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
def test_a_floor_that_cannot_be_is_refused(floor: str, told: str) -> None:
    assert told in refusal(floors={floor: 0.5}, slice_by=["domain"])


@pytest.mark.parametrize(
    ("changes", "told"),
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
def test_options_that_cannot_be_are_refused(changes: dict[str, Any], told: str) -> None:
    assert told in refusal(**changes)


def test_another_rule_trains_no_crf_anew() -> None:
    options = msgspec.convert(
        {"crfsuite": {"enabled": True, "allowed_fall": 0.1, "c1": 0.5, "max_iterations": 7}}, Evaluation
    )
    assert options.crfsuite.training == CrfsuiteOptions(c1=0.5, max_iterations=7)
    assert type(options.crfsuite.training) is CrfsuiteOptions


def check(floor: str, *, plain: bool = False, values: dict[str, set[str]] | None = None) -> None:
    labels = {"NOUN", "VERB"} if plain else {"PER", "LOC"}
    require_data([read_asked(floor)], plain=plain, labels=labels, values=values)


@pytest.mark.parametrize(
    ("floor", "plain"),
    [
        ("entity_f1_strict/PER", False),
        ("primary@length=1-10", False),
        ("entity_recall_strict@entity=seen", False),
        ("token_accuracy", True),
        ("tag_f1/NOUN", True),
        ("primary@domain=news", True),
        ("primary@domain=news", False),
    ],
)
def test_what_the_corpus_has_may_be_asked(floor: str, plain: bool) -> None:
    check(floor, plain=plain, values={"domain": {"news", "chat"}})


@pytest.mark.parametrize(
    ("floor", "plain", "told"),
    [
        ("entity_f1_strict/ORG", False, "the test split has no entity of the label ORG; it has LOC, PER"),
        ("tag_f1/ADJ", True, "the test split has no tag ADJ; it has NOUN, VERB"),
        ("tag_f1/NOUN", False, "the corpus has entity tags; expected entity metrics"),
        ("entity_f1_strict", True, "the corpus has plain tags, without entities; expected token_accuracy"),
        ("entity_recall_strict@entity=seen", True, "the corpus has plain tags"),
        (
            "primary@domain=sport",
            False,
            "no sentence of the test split is domain=sport; domain is chat, news",
        ),
        ("primary@genre=x", False, "no sentence of the test split is genre=x; genre is not given at all"),
    ],
)
def test_what_the_corpus_lacks_is_a_mistake_in_the_settings(floor: str, plain: bool, told: str) -> None:
    with pytest.raises(FloorWithoutData) as caught:
        check(floor, plain=plain, values={"domain": {"news", "chat"}})
    assert str(caught.value).startswith(f"evaluation.floors: {floor}: ")
    assert told in str(caught.value)


def test_values_that_are_not_known_yet_are_not_asked_about() -> None:
    check("primary@genre=x", values=None)


def test_the_primary_metric_goes_by_the_tags() -> None:
    assert primary_of(plain=True) == "token_accuracy"
    assert primary_of(plain=False) == "entity_f1_strict"
