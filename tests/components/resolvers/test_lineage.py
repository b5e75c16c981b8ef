"""Which models count as blessed, and in which order, on hand-made artifacts."""

from __future__ import annotations

from typing import Any

from tfx.types import standard_artifacts

from components.resolvers.lineage import blessed_models
from tests.components.resolvers.metadata_of_runs import blessing_of


def model(number: int) -> Any:
    artifact = standard_artifacts.Model()
    artifact.id = number
    return artifact


def blessing(number: int, of: int, *, blessed: bool = True) -> Any:
    artifact = blessing_of(of, blessed=blessed)
    artifact.id = number
    return artifact


def pairs(models: list[int], blessings: list[Any]) -> list[tuple[int, int]]:
    found = blessed_models([model(number) for number in models], blessings)
    return [(one.model.id, one.blessing.id) for one in found]


def test_the_latest_blessing_comes_first_in_whatever_order_artifacts_arrive() -> None:
    blessings = [blessing(12, of=1), blessing(10, of=1), blessing(11, of=2)]
    assert pairs([3, 2, 1], blessings) == [(1, 12), (2, 11), (1, 10)]


def test_a_refused_model_is_skipped() -> None:
    assert pairs([1, 2], [blessing(10, of=1), blessing(11, of=2, blessed=False)]) == [(1, 10)]


def test_a_blessing_whose_model_is_gone_is_skipped() -> None:
    assert pairs([1, 3], [blessing(10, of=1), blessing(11, of=2)]) == [(1, 10)]


def test_a_blessing_without_a_verdict_is_skipped() -> None:
    """TFX's Evaluator leaves one where it has no thresholds."""
    silent = standard_artifacts.ModelBlessing()
    silent.id = 12
    assert pairs([1, 2], [blessing(10, of=1), silent]) == [(1, 10)]
