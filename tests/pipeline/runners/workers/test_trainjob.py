"""The TrainJob and its runtime are what Kubeflow Trainer 2 takes, and their workers find each other."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from pipeline.runners.workers import trainjob
from pipeline.settings import Settings
from tests.pipeline.runners.workers.several_workers import PLAIN, RICH
from trainer.distributed import worker

SCHEMA = json.loads(Path(__file__).with_name("trainjob_schema.json").read_text(encoding="utf-8"))
KUBERNETES = ("1.27", "1.32", kubernetes_validate.latest_version())


def taken(settings: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
    """The runtime and the job, both as Trainer takes them."""
    runtime, job = trainjob.manifests(settings)
    for one in (runtime, job):
        jsonschema.validate(one, {**SCHEMA, "$ref": f"#/definitions/{one['kind']}"})
    return runtime, job


def replicated(runtime: dict[str, Any]) -> dict[str, Any]:
    (only,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    template: dict[str, Any] = only["template"]
    return template


@pytest.mark.parametrize("settings", [PLAIN, RICH], ids=["plain", "rich"])
def test_trainer_and_kubernetes_take_it(settings: Settings) -> None:
    runtime, job = taken(settings)
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    assert job["spec"]["trainer"]["numNodes"] == runtime["spec"]["mlPolicy"]["numNodes"] == 3
    # A Job of Kubernetes, as JobSet makes one of it.
    made = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job"},
        "spec": replicated(runtime)["spec"],
    }
    for version in KUBERNETES:
        kubernetes_validate.validate(made, version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "mlPolicy", "numNode"), 3),
        (("spec", "template", "spec", "failurePolicy", "maxRestart"), 3),
        (("spec", "template", "spec", "replicatedJobs", 0, "template", "metadata", "labels"), {}),
        (("spec", "template", "spec", "replicatedJobs", 0, "name"), "worker"),
    ],
)
def test_a_slip_would_be_seen(path: tuple[str | int, ...], value: object) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    runtime = copy.deepcopy(trainjob.manifests(PLAIN)[0])
    within: Any = runtime
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(runtime, {**SCHEMA, "$ref": "#/definitions/TrainingRuntime"})


def test_each_pod_finds_all_workers_and_itself() -> None:
    runtime, _ = taken(PLAIN)
    (container,) = replicated(runtime)["spec"]["template"]["spec"]["containers"]
    for index in range(3):
        config = json.loads(resolved(container["env"], job="mine-0a", index=str(index))["TF_CONFIG"])
        assert config["task"] == {"type": "worker", "index": index}
        # JobSet's names of pods, below the service that has the set's own.
        assert config["cluster"] == {"worker": [f"mine-0a-node-0-{i}.mine-0a:2222" for i in range(3)]}
    assert container["ports"] == [{"name": "tfjob-port", "containerPort": 2222}]


def resolved(env: list[dict[str, Any]], *, job: str, index: str) -> dict[str, str]:
    """The variables as Kubernetes sets them: a reference is to one before it."""
    fields = {
        "metadata.labels['jobset.sigs.k8s.io/jobset-name']": job,
        "metadata.annotations['batch.kubernetes.io/job-completion-index']": index,
    }
    values: dict[str, str] = {}
    for one in env:
        text = one["value"] if "value" in one else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
        values[one["name"]] = re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], match[0]), text)
    return values


def test_what_a_restart_would_not_help_is_not_restarted() -> None:
    runtime, _ = taken(PLAIN)
    (rule,) = replicated(runtime)["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [1, worker.DIVERGED]
    assert worker.RESTART not in rule["onExitCodes"]["values"]
    (final,) = runtime["spec"]["template"]["spec"]["failurePolicy"]["rules"]
    assert (final["action"], final["onJobFailureReasons"]) == ("FailJobSet", ["PodFailurePolicy"])


def test_workers_get_the_settings_of_the_trainers_step() -> None:
    runtime, job = taken(RICH)
    assert {one["metadata"]["namespace"] for one in (runtime, job)} == {"research"}
    pod = replicated(runtime)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "registry.example/tagline:1"
    assert container["resources"]["limits"] == {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"}
    assert pod["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-L4"}
    assert {"name": "LANG", "value": "C.UTF-8"} in container["env"]
