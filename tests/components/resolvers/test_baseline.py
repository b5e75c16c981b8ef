"""Which model a candidate is compared with, on hand-made artifacts."""

from __future__ import annotations

from typing import Any, cast

import ml_metadata as mlmd
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.resolvers.baseline import LatestBlessedOtherModel

NO_STORE = cast(mlmd.MetadataStore, None)  # the strategy asks only what it is handed


def model(number: int) -> Any:
    artifact = standard_artifacts.Model()
    artifact.id, artifact.uri = number, f"/models/{number}"
    return artifact


def blessing(number: int, of: int, blessed: bool = True) -> Any:
    artifact = standard_artifacts.ModelBlessing()
    artifact.id, artifact.uri = number, f"/blessings/{number}"
    artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, of)
    artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(blessed))
    return artifact


def chosen(candidate: int, models: list[int], blessings: list[Any]) -> tuple[list[int], list[int]]:
    resolved = LatestBlessedOtherModel().resolve_artifacts(
        NO_STORE,
        {
            "candidate": [model(candidate)],
            "model": [model(number) for number in models],
            "model_blessing": blessings,
        },
    )
    assert resolved is not None
    assert [artifact.id for artifact in resolved["candidate"]] == [candidate]
    return [m.id for m in resolved["model"]], [b.id for b in resolved["model_blessing"]]


def test_without_any_other_model_there_is_none() -> None:
    assert chosen(1, [1], []) == ([], [])


def test_the_candidate_itself_is_never_the_baseline() -> None:
    assert chosen(1, [1], [blessing(10, of=1)]) == ([], [])


def test_of_two_blessed_models_the_later() -> None:
    assert chosen(3, [1, 2, 3], [blessing(10, of=1), blessing(11, of=2)]) == ([2], [11])


def test_a_refused_model_is_passed_over() -> None:
    assert chosen(3, [1, 2, 3], [blessing(10, of=1), blessing(11, of=2, blessed=False)]) == ([1], [10])


def test_the_latest_blessing_counts_and_not_the_latest_model() -> None:
    found = chosen(3, [1, 2, 3], [blessing(10, of=1), blessing(11, of=2), blessing(12, of=1)])
    assert found == ([1], [12])


def test_the_order_in_which_artifacts_arrive_does_not_matter() -> None:
    blessings = [blessing(12, of=1), blessing(10, of=1), blessing(11, of=2)]
    assert chosen(3, [3, 2, 1], blessings) == ([1], [12])


def test_a_blessing_that_says_nothing_is_none() -> None:
    """TFX's Evaluator leaves such a one where it has no thresholds."""
    silent = standard_artifacts.ModelBlessing()
    silent.id, silent.uri = 12, "/blessings/12"
    assert chosen(3, [1, 2, 3], [blessing(10, of=1), silent]) == ([1], [10])
    assert chosen(3, [1, 2, 3], [silent]) == ([], [])


def test_a_blessing_whose_model_is_gone_is_passed_over() -> None:
    assert chosen(3, [1, 3], [blessing(10, of=1), blessing(11, of=2)]) == ([1], [10])
