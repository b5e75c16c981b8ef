"""What the jobs of both operators have in common; their own tests read the pods."""

from __future__ import annotations

import pytest

from pipeline.runners.workers.pod import metadata_of, pod_of, require_several
from pipeline.settings import SettingsError, load
from tests.pipeline.runners.workers.several_workers import RICH, settings


def test_several_are_two_or_more() -> None:
    assert require_several(RICH) == 3
    with pytest.raises(
        SettingsError, match=r"trainer.workers: found 1; expected 2 or more for a job of pods"
    ):
        require_several(load())


def test_a_long_name_leaves_room_for_the_pods() -> None:
    name = metadata_of(settings(f"name=My_{'x' * 60}"))["name"]
    assert name == f"my-{'x' * 27}-training"
    # As Trainer's pods are named, with the training's hash.
    assert len(f"{name}-0123456789-node-0-999") <= 63


def test_an_operators_variables_come_before_the_settings() -> None:
    pod = pod_of(RICH, container="node", env=[{"name": "FIRST", "value": "1"}])
    (container,) = pod["containers"]
    assert container["name"] == "node"
    assert [one["name"] for one in container["env"]] == ["FIRST", "LANG", "AWS_KEY"]
