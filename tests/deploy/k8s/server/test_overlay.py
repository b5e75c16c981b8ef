"""The overlay written for a model, the shipped one, and the program that writes them."""

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
    default_namespace,
    files,
    models_config,
    write,
)
from tests.deploy.k8s.k8s_objects import ROOT
from tests.deploy.k8s.kustomize import render

SAMPLE = MANIFESTS / "overlays" / "sample"


def test_the_shipped_overlay_is_as_the_program_writes_it() -> None:
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
def test_the_models_config_is_a_model_server_config(models: str, base_path: str) -> None:
    (entry,) = text_format.Parse(models_config("mine", models), ModelServerConfig()).model_config_list.config
    assert (entry.name, entry.base_path, entry.model_platform) == ("mine", base_path, "tensorflow")
    assert entry.model_version_policy.latest.num_versions == 1


def test_every_object_is_in_the_overlays_namespace(tmp_path: Path) -> None:
    write(Overlay(model="mine", namespace="here", monitoring=True), tmp_path)
    objects = render(tmp_path)
    (namespace,) = [item for item in objects if item["kind"] == "Namespace"]
    assert namespace["metadata"]["name"] == "here"
    assert {item["metadata"]["namespace"] for item in objects if item is not namespace} == {"here"}


def test_an_existing_models_config_is_kept(tmp_path: Path) -> None:
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
    ("other", "message"),
    [
        (Overlay(model="other", namespace="mine"), 'expected name: "other"'),
        (
            Overlay(model="mine", namespace="mine", models="gs://bucket"),
            'expected base_path: "gs://bucket/mine"',
        ),
    ],
)
def test_a_models_config_of_another_model_or_place_is_refused(
    other: Overlay, message: str, tmp_path: Path
) -> None:
    write(Overlay(model="mine", namespace="mine"), tmp_path)
    before = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    with pytest.raises(OverlayError, match=message):
        write(other, tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == before


def test_an_overlay_behind_a_symbolic_link_reaches_the_base(tmp_path: Path) -> None:
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
def test_the_default_namespace_is_valid(model: str, namespace: str) -> None:
    assert default_namespace(model) == namespace
    Overlay(model=model, namespace=namespace)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "9lives"}, "model: found '9lives'; expected a name"),
        ({"model": "a/b"}, "expected a name"),
        ({"namespace": "My_Model"}, "namespace: found 'My_Model'; expected"),
        ({"models": "s3://bucket"}, "mount an S3 bucket as the volume"),
        ({"models": "gs://"}, "expected /models"),
        ({"models": 'gs://bucket/"x'}, "expected /models"),
    ],
)
def test_invalid_values_are_refused(changed: dict[str, str], message: str) -> None:
    with pytest.raises(OverlayError, match=message):
        Overlay(**{"model": "mine", "namespace": "mine", **changed})


def test_the_program_prints_the_files_it_wrote_or_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.k8s.server", "mine", "--output", str(tmp_path), "--tls"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == [
        str(tmp_path / name) for name in ("kustomization.yaml", "namespace.yaml", MODELS)
    ]
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert again.stdout.splitlines()[-1] == f"{tmp_path / MODELS} is kept"
    assert "components/tls" in (tmp_path / "kustomization.yaml").read_text(encoding="utf-8")


def test_the_program_imports_no_tensorflow() -> None:
    program = "import sys, deploy.k8s.server.__main__; print({'tensorflow', 'google.protobuf'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "set()\n"


def test_the_program_exits_with_2_on_an_invalid_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.k8s.server", "no/name", "--output", str(tmp_path / "x")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: model: found 'no/name'")
    assert not (tmp_path / "x").exists()
