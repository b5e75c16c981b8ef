"""The overlay that is written for a model, and the one that is shipped as it was written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from deploy.k8s.server.overlay import (
    MANIFESTS,
    MODELS,
    Overlay,
    OverlayError,
    files,
    models_config,
    namespace_of,
    write,
)
from tests.deploy.k8s.kustomize import render

ROOT = MANIFESTS.parents[2]
SAMPLE = MANIFESTS / "overlays" / "sample"


def test_the_shipped_overlay_is_what_would_be_written() -> None:
    expected = files(Overlay(model="sample", namespace="tagline-sample", monitoring=True), SAMPLE)
    assert {path.name: path.read_text(encoding="utf-8") for path in SAMPLE.iterdir()} == expected


@pytest.mark.parametrize(
    ("models", "base_path"),
    [
        ("/models", "/models/mine"),
        ("gs://bucket", "gs://bucket/mine"),
        ("gs://bucket/a/b/", "gs://bucket/a/b/mine"),
    ],
)
def test_the_configuration_is_a_model_server_config(models: str, base_path: str) -> None:
    (entry,) = text_format.Parse(models_config("mine", models), ModelServerConfig()).model_config_list.config
    assert (entry.name, entry.base_path, entry.model_platform) == ("mine", base_path, "tensorflow")
    assert entry.model_version_policy.latest.num_versions == 1


def test_every_object_is_in_the_namespace_that_is_made(tmp_path: Path) -> None:
    write(Overlay(model="mine", namespace="here", monitoring=True), tmp_path)
    objects = render(tmp_path)
    (namespace,) = [item for item in objects if item["kind"] == "Namespace"]
    assert namespace["metadata"]["name"] == "here"
    assert {item["metadata"]["namespace"] for item in objects if item is not namespace} == {"here"}


def test_versions_and_labels_set_by_hand_stay(tmp_path: Path) -> None:
    overlay = Overlay(model="mine", namespace="mine")
    assert [path.name for path in write(overlay, tmp_path)] == [
        "kustomization.yaml",
        "namespace.yaml",
        MODELS,
    ]
    by_hand = models_config("mine").replace("latest { num_versions: 1 }", "specific { versions: 3 }")
    (tmp_path / MODELS).write_text(by_hand, encoding="utf-8")
    assert MODELS not in [path.name for path in write(overlay, tmp_path)]
    (models,) = [item for item in render(tmp_path) if item["metadata"]["name"] == "tagline-models-config"]
    assert models["data"] == {MODELS: by_hand}


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (Overlay(model="other", namespace="mine"), 'expected name: "other"'),
        (
            Overlay(model="mine", namespace="mine", models="gs://bucket"),
            'expected base_path: "gs://bucket/mine"',
        ),
    ],
)
def test_a_configuration_of_something_else_does_not_stay_unnoticed(
    again: Overlay, told: str, tmp_path: Path
) -> None:
    write(Overlay(model="mine", namespace="mine"), tmp_path)
    before = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    with pytest.raises(OverlayError, match=told):
        write(again, tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == before


def test_a_folder_behind_a_link_finds_its_way_to_the_base(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    write(Overlay(model="mine", namespace="mine"), tmp_path / "link" / "mine")
    assert render(tmp_path / "far" / "away" / "mine")


@pytest.mark.parametrize(
    ("model", "namespace"),
    [
        ("sample", "tagline-sample"),
        ("My_Model", "tagline-my-model"),
        ("a" * 54 + "_b", "tagline-" + "a" * 54),
    ],
)
def test_the_namespace_of_a_model_is_one(model: str, namespace: str) -> None:
    assert namespace_of(model) == namespace
    Overlay(model=model, namespace=namespace)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"model": "9lives"}, "model: found '9lives'; expected a name"),
        ({"model": "a/b"}, "expected a name"),
        ({"namespace": "My_Model"}, "namespace: found 'My_Model'; expected"),
        ({"models": "s3://bucket"}, "mount an S3 bucket as the volume"),
        ({"models": "gs://"}, "expected /models"),
        ({"models": 'gs://bucket/"x'}, "expected /models"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, str], told: str) -> None:
    with pytest.raises(OverlayError, match=told):
        Overlay(**{"model": "mine", "namespace": "mine", **changed})


def test_the_command_writes_it_and_says_where(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.k8s.server", "mine", "--output", str(tmp_path), "--tls"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == [
        str(tmp_path / name) for name in ("kustomization.yaml", "namespace.yaml", MODELS)
    ]
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert again.stdout.splitlines()[-1] == f"{tmp_path / MODELS} stays as it was"
    assert "components/tls" in (tmp_path / "kustomization.yaml").read_text(encoding="utf-8")


def test_it_needs_no_tensorflow() -> None:
    program = "import sys, serving.k8s.__main__; print('tensorflow' in sys.modules, 'google.protobuf' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_the_command_ends_with_2_on_a_name_that_cannot_be(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.k8s.server", "no/name", "--output", str(tmp_path / "x")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: model: found 'no/name'")
    assert not (tmp_path / "x").exists()
