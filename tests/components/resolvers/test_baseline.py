"""The model that a candidate is compared with, on hand-made runs."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.resolvers.baseline import LatestBlessedOtherModel
from tests.components.resolvers.metadata_of_runs import Metadata


def baseline_of(candidate: Any, runs: Metadata) -> Any:
    channels = {"candidate": [candidate], "model": runs.models, "model_blessing": runs.blessings}
    resolved = LatestBlessedOtherModel().resolve_artifacts(runs.store, channels)
    assert resolved is not None
    assert resolved.keys() == channels.keys()
    assert resolved["candidate"] == [candidate]
    assert len(resolved["model"]) == len(resolved["model_blessing"]) <= 1
    return next(iter(resolved["model"]), None)


@pytest.fixture
def runs() -> Metadata:
    return Metadata()


def test_the_first_candidate_has_no_baseline(runs: Metadata) -> None:
    assert baseline_of(runs.put(standard_artifacts.Model()), runs) is None


def test_the_candidate_itself_is_never_the_baseline(runs: Metadata) -> None:
    first = runs.trained([])
    assert baseline_of(first, runs) is None
    second = runs.trained([])
    assert baseline_of(second, runs) is first


def test_the_latest_blessed_model_is(runs: Metadata) -> None:
    first, second = runs.trained([]), runs.trained([])
    candidate = runs.trained([], blessed=False)
    assert baseline_of(candidate, runs) is second
    runs.bless(first)
    assert baseline_of(candidate, runs) is first
