"""The paths of the settings on a cluster."""

from __future__ import annotations

import pytest

from pipeline.runners.volumes import on_volumes, placed, volume_of
from pipeline.settings import SettingsError, load
from pipeline.settings.kubeflow import Volume

WORK = Volume(claim="work", mount="/w")
MODELS = Volume(claim="models", mount="/w/models", sub_path="tagger")


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("runs", "/w/runs"),
        ("./a/../b", "/w/b"),
        ("/w", "/w"),
        ("/w/models/x", "/w/models/x"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("s3://bucket/a", "s3://bucket/a"),
    ],
)
def test_a_path_as_a_step_sees_it(path: str, there: str) -> None:
    assert placed("data", path, [WORK, MODELS]) == there


@pytest.mark.parametrize("path", ["/home/me/corpus", "/www", "../up", "/w/../etc"])
def test_a_path_of_this_machine_is_refused(path: str) -> None:
    with pytest.raises(
        SettingsError, match=r"data: found .*; expected a relative path .* or one below|, one below"
    ):
        placed("data", path, [WORK])


def test_without_a_volume_there_are_buckets_alone() -> None:
    with pytest.raises(SettingsError, match=r"kubeflow\.pvc names none"):
        placed("data", "runs", [])
    assert placed("data", "gs://b/x", []) == "gs://b/x"


def test_every_path_of_the_settings_is_placed() -> None:
    settings = on_volumes(load(assignments=["data=c", "schema=s.pbtxt", "trainer.vectors=v.txt", "name=t"]))
    assert (settings.data, settings.schema, settings.trainer.vectors) == (
        "/tagline/c", "/tagline/s.pbtxt", "/tagline/v.txt",
    )  # fmt: skip
    assert settings.run_place == "/tagline/runs/t"
    assert settings.models_place == "/tagline/serving_models/t"


def test_the_nearest_mount_holds_a_path() -> None:
    assert volume_of("/w/runs/a", [WORK, MODELS]) == (WORK, "runs/a")
    assert volume_of("/w/models/t", [WORK, MODELS]) == (MODELS, "tagger/t")
    assert volume_of("/w", [WORK]) == (WORK, ".")
    assert volume_of("/wide", [WORK]) is None
