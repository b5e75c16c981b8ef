"""The paths of the settings on a cluster."""

from __future__ import annotations

import pytest

from pipeline.runners.volumes import (
    OWN_STORE,
    artifacts_root,
    on_volumes,
    placed,
    require_readable,
    volume_of,
    with_local_checkpoints,
)
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


@pytest.mark.parametrize(
    ("root", "kept"), [("runs", "runs"), ("gs://b/x", "gs://b/x"), ("s3://b/x", "/tagline/runs")]
)
def test_checkpoints_are_where_tensorflow_writes(root: str, kept: str) -> None:
    settings = load(assignments=[f"pipeline.root={root}", "name=t"])
    assert with_local_checkpoints(settings).pipeline.root == kept
    assert artifacts_root(settings) == (OWN_STORE if root == "runs" else f"{root}/t/artifacts")


@pytest.mark.parametrize("key", ["data", "schema", "trainer.vectors"])
@pytest.mark.parametrize("scheme", ["s3", "minio"])
def test_what_tensorflow_cannot_read_is_refused(key: str, scheme: str) -> None:
    given = f"{key}={scheme}://b/x/y"
    with pytest.raises(
        SettingsError,
        match=rf"{key}: found {scheme}://b/x/y, which TensorFlow cannot read; .* mounted at /{scheme}/b$",
    ):
        require_readable(load(assignments=[given]))
    mounted = f"kubeflow.pvc=[{{claim: w, mount: /tagline}}, {{claim: b, mount: /{scheme}/b}}]"
    require_readable(load(assignments=[given, mounted]))
    require_readable(load(assignments=[given.replace(scheme, "gs", 1)]))
