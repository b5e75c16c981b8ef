"""Several workers on a cluster: the TFJob that the Trainer's step asks Kubeflow's training operator for.

Its pods are what the Trainer's step would be: the same image, volumes, environment, node and GPUs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.settings import Settings, SettingsError
from pipeline.settings.kubeflow import Kubeflow, Step
from trainer.distributed.tfjob import JOB_FILE, MANIFEST

# The operator knows the container and the port by these names.
_CONTAINER, _PORT_NAME, _PORT = "tensorflow", "tfjob-port", 2222

# That of the other steps and of deploy/k8s/server.
_USER = 65532

# Pods started anew before the operator gives the job up.
_RESTARTS = 10


def manifest(settings: Settings) -> dict[str, Any]:
    """The TFJob. The Trainer's step fills in which job it is.

    Raises:
        SettingsError: a single worker needs none.
    """
    workers, kubeflow = settings.trainer.workers, settings.kubeflow
    if workers < 2:
        raise SettingsError(f"trainer.workers: found {workers}; expected 2 or more for a TFJob")
    step = kubeflow.components.get("Trainer", Step())
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            # The operator makes names of pods of it, whose parts may have 63 characters.
            "name": f"{settings.name.lower().replace('_', '-')[:30].rstrip('-')}-training",
            "namespace": kubeflow.namespace,
            "labels": {"app.kubernetes.io/name": "tagline", "app.kubernetes.io/component": "training"},
        },
        "spec": {
            # Who is done leaves nothing that another waits for.
            "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": _RESTARTS},
            "tfReplicaSpecs": {
                "Worker": {
                    "replicas": workers,
                    # 128 and above is started again: killed by a signal, or what a worker ends with if another is gone.
                    "restartPolicy": "ExitCode",
                    "template": {
                        # A proxy in the pod would stand between workers, and outlive them.
                        "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
                        "spec": _pod(kubeflow, step),
                    },
                }
            },
        },
    }


def as_json(settings: Settings) -> str:
    """The manifest as the step's environment holds it."""
    return json.dumps(manifest(settings), sort_keys=True)


def hand_over(container: dict[str, Any], settings: Settings) -> None:
    """Make the Trainer's step one that asks for the TFJob and waits: the manifest in, its own GPUs out."""
    step = settings.kubeflow.components.get("Trainer", Step())
    container["env"].append({"name": MANIFEST, "value": as_json(settings)})
    for amounts in container.get("resources", {}).values():
        amounts.pop(step.gpu_resource, None)


def write(settings: Settings, output: Path) -> None:
    """Write the manifest as YAML."""
    output.write_text(yaml.safe_dump(manifest(settings), sort_keys=False, width=1 << 20), encoding="utf-8")


def _pod(kubeflow: Kubeflow, step: Step) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(kubeflow, step)],
        "volumes": [
            {"name": _volume(claim), "persistentVolumeClaim": {"claimName": claim}}
            for claim in dict.fromkeys(volume.claim for volume in kubeflow.pvc)
        ],
    }
    if labels := step.node_labels:
        pod["nodeSelector"] = labels
    if step.tolerations:
        pod["tolerations"] = [msgspec.to_builtins(toleration) for toleration in step.tolerations]
    return pod


def _volume(claim: str) -> str:
    return claim.replace(".", "-")


def _container(kubeflow: Kubeflow, step: Step) -> dict[str, Any]:
    requests = {name: value for name, value in (("cpu", step.cpu), ("memory", step.memory)) if value}
    # Kubernetes takes GPUs as a limit, and asks for as many by itself.
    limits = {**requests, **({step.gpu_resource: str(step.gpus)} if step.gpus else {})}
    return {
        "name": _CONTAINER,
        "image": step.image or kubeflow.image,
        "command": ["python", "-m", "trainer.distributed.worker"],
        "args": [JOB_FILE],
        "ports": [{"name": _PORT_NAME, "containerPort": _PORT}],
        "env": [
            *({"name": name, "value": value} for name, value in sorted(kubeflow.env.items())),
            *(
                {"name": name, "valueFrom": {"secretKeyRef": {"name": key.secret, "key": key.key}}}
                for name, key in sorted(kubeflow.secrets.items())
            ),
        ],
        "resources": {"requests": requests, "limits": limits},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [
            {
                "name": _volume(volume.claim),
                "mountPath": volume.mount,
                **({"subPath": volume.sub_path} if volume.sub_path else {}),
            }
            for volume in kubeflow.pvc
        ],
    }
