"""Several workers on a cluster: the TFJob that the Trainer's step creates, for Kubeflow's training operator.

Its pods are what the Trainer's step would be: the same image, volumes, environment, node and GPUs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.runners.steps import POD_SECURITY
from pipeline.runners.volumes import volume_name
from pipeline.settings import Settings, SettingsError
from pipeline.settings.kubeflow import Kubeflow, Step
from trainer.distributed.tfjob import JOB_FILE, MANIFEST

# The names by which the operator finds the container and the port.
_CONTAINER, _PORT_NAME, _PORT = "tensorflow", "tfjob-port", 2222

# Restarts of pods before the operator gives the job up.
_RESTARTS = 10


def manifest(settings: Settings) -> dict[str, Any]:
    """Make the TFJob's manifest, to which the Trainer's step adds which job it is.

    Raises:
        SettingsError: a single worker, which needs no TFJob.
    """
    workers, kubeflow = settings.trainer.workers, settings.kubeflow
    if workers < 2:
        raise SettingsError(f"trainer.workers: found {workers}; expected 2 or more for a TFJob")
    step = kubeflow.components.get("Trainer", Step())
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": {
            # The operator makes the names of pods from it, whose parts may have 63 characters.
            "name": f"{settings.name.lower().replace('_', '-')[:30].rstrip('-')}-training",
            "namespace": kubeflow.namespace,
            "labels": {"app.kubernetes.io/name": "tagline", "app.kubernetes.io/component": "training"},
        },
        "spec": {
            # When the job has ended, pods that still run are deleted.
            "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": _RESTARTS},
            "tfReplicaSpecs": {
                "Worker": {
                    "replicas": workers,
                    # 128 and above is restarted: killed by a signal, or ended because another worker is gone.
                    "restartPolicy": "ExitCode",
                    "template": {
                        # A proxy in the pod would intercept the workers' connections, and outlive them.
                        "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
                        "spec": _pod(kubeflow, step),
                    },
                }
            },
        },
    }


def as_json(settings: Settings) -> str:
    """Write the manifest as it is in the step's environment."""
    return json.dumps(manifest(settings), sort_keys=True)


def hand_over(container: dict[str, Any], settings: Settings) -> None:
    """Make the Trainer's step create the TFJob and wait: add the manifest, and remove its own GPUs."""
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
        "securityContext": POD_SECURITY,
        "containers": [_container(kubeflow, step)],
        "volumes": [
            {"name": volume_name(claim), "persistentVolumeClaim": {"claimName": claim}}
            for claim in dict.fromkeys(volume.claim for volume in kubeflow.pvc)
        ],
    }
    if labels := step.node_labels:
        pod["nodeSelector"] = labels
    if step.tolerations:
        pod["tolerations"] = [msgspec.to_builtins(toleration) for toleration in step.tolerations]
    return pod


def _container(kubeflow: Kubeflow, step: Step) -> dict[str, Any]:
    requests = {name: value for name, value in (("cpu", step.cpu), ("memory", step.memory)) if value}
    # Kubernetes takes GPUs as a limit, and requests as many.
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
                "name": volume_name(volume.claim),
                "mountPath": volume.mount,
                **({"subPath": volume.sub_path} if volume.sub_path else {}),
            }
            for volume in kubeflow.pvc
        ],
    }
