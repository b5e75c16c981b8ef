"""Parsing what a floor is set for, and refusing floors that the test split has no data for."""

from __future__ import annotations

import pytest

from components.model_gate.floors import FloorTarget, FloorWithoutData, parse_target, require_data


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("primary", FloorTarget("primary")),
        ("entity_f1_strict/PER", FloorTarget("entity_f1_strict", "PER")),
        ("entity_recall_strict@domain=news", FloorTarget("entity_recall_strict", "", "domain=news")),
        ("entity_f1_strict/a/b@domain=a=b@c", FloorTarget("entity_f1_strict", "a/b", "domain=a=b@c")),
        ("tag_f1/@", FloorTarget("tag_f1", "@")),
        ("tag_accuracy/@@length=1-10", FloorTarget("tag_accuracy", "@", "length=1-10")),
        ("entity_f1_strict/creative-work", FloorTarget("entity_f1_strict", "creative-work")),
    ],
)
def test_a_target_is_parsed_and_printed(text: str, parts: FloorTarget) -> None:
    assert parse_target(text) == parts
    assert str(parts) == text


def check(floor: str, *, plain: bool = False, values: dict[str, set[str]] | None = None) -> None:
    labels = {"NOUN", "VERB"} if plain else {"PER", "LOC"}
    require_data([parse_target(floor)], plain=plain, labels=labels, values=values)


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
def test_floors_with_data_are_accepted(floor: str, plain: bool) -> None:
    check(floor, plain=plain, values={"domain": {"news", "chat"}})


@pytest.mark.parametrize(
    ("floor", "plain", "message"),
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
def test_a_floor_without_data_is_refused(floor: str, plain: bool, message: str) -> None:
    with pytest.raises(FloorWithoutData) as caught:
        check(floor, plain=plain, values={"domain": {"news", "chat"}})
    assert str(caught.value).startswith(f"evaluation.floors: {floor}: ")
    assert message in str(caught.value)


def test_unknown_values_are_not_checked() -> None:
    check("primary@genre=x", values=None)
