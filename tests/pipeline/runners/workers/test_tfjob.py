"""The TFJob is one that Kubeflow's training operator v1 takes, and asks for what the Trainer's step would have."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from pipeline.runners.workers import tfjob
from pipeline.settings import Settings
from tests.pipeline.runners.workers.several_workers import PLAIN, RICH

SCHEMA = json.loads(Path(__file__).with_name("tfjob_schema.json").read_text(encoding="utf-8"))
KUBERNETES = ("1.27", "1.32", kubernetes_validate.latest_version())


def _pod(manifest: dict[str, Any]) -> dict[str, Any]:
    template = manifest["spec"]["tfReplicaSpecs"]["Worker"]["template"]
    # The operator sets the policy itself.
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", **template["metadata"]},
        "spec": {**template["spec"], "restartPolicy": "Never"},
    }


def _container(manifest: dict[str, Any]) -> dict[str, Any]:
    (container,) = manifest["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"]
    return container


@pytest.mark.parametrize("settings", [PLAIN, RICH], ids=["plain", "rich"])
def test_the_operator_and_kubernetes_take_it(settings: Settings) -> None:
    manifest = tfjob.manifest(settings)
    jsonschema.validate(manifest, SCHEMA)
    for version in KUBERNETES:
        kubernetes_validate.validate(_pod(manifest), version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "tfReplicaSpecs", "Worker", "replica"), 3),
        (("spec", "tfReplicaSpecs", "Worker", "restartPolicy"), "OnExit"),
        (("spec", "runPolicy", "cleanPodPolicy"), "Done"),
        (("metadata", "name"), "My_Model"),
        (("spec", "tfReplicaSpecs", "Worker", "template", "spec", "restartPolicy"), "Never"),
    ],
)
def test_a_slip_would_be_seen(path: tuple[str, ...], value: object) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    manifest = copy.deepcopy(tfjob.manifest(PLAIN))
    within = manifest
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, SCHEMA)


def test_a_container_by_another_name_would_be_seen() -> None:
    manifest = copy.deepcopy(tfjob.manifest(PLAIN))
    _container(manifest)["name"] = "worker"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, SCHEMA)


def test_workers_get_the_settings_of_the_trainers_step() -> None:
    manifest = tfjob.manifest(RICH)
    container, pod = _container(manifest), _pod(manifest)["spec"]
    assert manifest["metadata"]["namespace"] == "research"
    assert manifest["spec"]["tfReplicaSpecs"]["Worker"]["replicas"] == 3
    assert container["image"] == "registry.example/tagline:1"
    assert container["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi"},
        "limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"},
    }
    assert pod["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-L4"}
    assert [toleration["key"] for toleration in pod["tolerations"]] == ["gpu"]
    assert {"name": "LANG", "value": "C.UTF-8"} in container["env"]
    assert {"name": "AWS_KEY", "valueFrom": {"secretKeyRef": {"name": "bucket", "key": "id"}}} in container[
        "env"
    ]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    claims = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"]}
    assert {claims[name]: mount for name, mount in mounts.items()} == {
        volume.claim: volume.mount for volume in RICH.kubeflow.pvc
    }
