"""Pods are as Kubernetes' Pod Security Standards have them: the namespace of Kubeflow Pipelines 2.17 enforces
`baseline` and warns below `restricted`, whose rules these are."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.runners.pod_security import POD_SECURITY
from pipeline.runners.workers import tfjob, trainjob
from tests.pipeline.runners import compiled
from tests.pipeline.runners.workers.several_workers import RICH

# Kinds of volumes that `restricted` allows.
VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip


def violations(pod: dict[str, Any]) -> Iterator[str]:
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key))
    of_pod = pod.get("securityContext", {})
    for volume in pod.get("volumes", []):
        yield from (f"volume {kind}" for kind in volume.keys() - {"name"} - VOLUMES)
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        merged = {**of_pod, **container.get("securityContext", {})}
        capabilities = merged.get("capabilities", {})
        allowed = {
            "runAsNonRoot": merged.get("runAsNonRoot") is True and merged.get("runAsUser") != 0,
            "seccompProfile": merged.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": merged.get("allowPrivilegeEscalation") is False,
            "capabilities": capabilities.get("drop") == ["ALL"] and not capabilities.get("add"),
            "privileged": not merged.get("privileged"),
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
        }
        yield from (key for key, holds in allowed.items() if not holds)


def pods() -> dict[str, dict[str, Any]]:
    """What a compiled pipeline makes pods of, by name."""
    workflow = compiled.argo()["spec"]
    made = {
        template["name"]: {
            "securityContext": workflow["securityContext"],
            "containers": [template["container"]],
            "volumes": template.get("volumes", []),
        }
        for template in workflow["templates"]
        if "container" in template
    }
    (runtime, _), job = trainjob.manifests(RICH), tfjob.manifest(RICH)
    (nodes,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    made["TrainJob"] = nodes["template"]["spec"]["template"]["spec"]
    made["TFJob"] = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]
    return made


def test_every_pod_is_restricted() -> None:
    made = pods()
    assert len(made) == len(compiled.NODES) + 2
    assert {name: list(violations(pod)) for name, pod in made.items()} == {name: [] for name in made}


@pytest.mark.parametrize(
    ("key", "value", "seen"),
    [
        ("hostNetwork", True, "hostNetwork"),
        ("volumes", [{"name": "v", "hostPath": {"path": "/"}}], "volume hostPath"),
        ("securityContext", {**POD_SECURITY, "runAsNonRoot": False}, "runAsNonRoot"),
        ("securityContext", {**POD_SECURITY, "seccompProfile": {"type": "Unconfined"}}, "seccompProfile"),
    ],
)
def test_a_slip_would_be_seen(key: str, value: object, seen: str) -> None:
    pod = copy.deepcopy(pods()["TFJob"])
    pod[key] = value
    assert list(violations(pod)) == [seen]
