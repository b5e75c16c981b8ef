"""The model that a candidate is compared with, on hand-made runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.types import standard_artifacts

from components import digests
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


def test_a_model_that_is_no_longer_what_was_blessed_is_passed_over(
    runs: Metadata, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = runs.trained([]), runs.trained([])
    second.uri = str(tmp_path)
    (tmp_path / "weights").write_text("right")
    digests.record(second.mlmd_artifact)
    candidate = runs.trained([], blessed=False)
    assert baseline_of(candidate, runs) is second
    (tmp_path / "weights").write_text("wrong")
    assert baseline_of(candidate, runs) is first
    assert f"passed over: {tmp_path}: weights has changed" in caplog.text
