"""Several workers on a cluster: what the jobs of the two operators have in common.

Their pods are what the Trainer's step would be: the same image, volumes, environment, node and GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.runners.pod_security import POD_SECURITY
from pipeline.runners.volumes import volume_name
from pipeline.settings import Settings, SettingsError
from pipeline.settings.kubeflow import Kubeflow, Step
from trainer.distributed.pods import JOB_FILE

# By its name the training operator finds the port.
PORT_NAME, PORT = "tfjob-port", 2222
# Of pods, or of all of them, before an operator gives the job up.
RESTARTS = 10
# A proxy in the pod would intercept the workers' connections, and outlive them.
ANNOTATIONS = {"sidecar.istio.io/inject": "false"}


def require_several(settings: Settings) -> int:
    """The number of workers.

    Raises:
        SettingsError: a single one, which needs no job of its own.
    """
    workers = settings.trainer.workers
    if workers < 2:
        raise SettingsError(f"trainer.workers: found {workers}; expected 2 or more for a job of pods")
    return workers


def metadata_of(settings: Settings) -> dict[str, Any]:
    """Of the job, to whose name the Trainer's step adds which training it is."""
    return {
        # The names of pods begin with it, and their parts may have 63 characters.
        "name": f"{settings.name.lower().replace('_', '-')[:30].rstrip('-')}-training",
        "namespace": settings.kubeflow.namespace,
        "labels": {"app.kubernetes.io/name": "tagline", "app.kubernetes.io/component": "training"},
    }


def pod_of(settings: Settings, *, container: str, env: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The specification of one worker's pod.

    Args:
        settings: of the pipeline.
        container: the name by which the operator finds the container, and the port's.
        env: of the container, in front of the settings'.
    """
    kubeflow = settings.kubeflow
    step = kubeflow.components.get("Trainer", Step())
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "securityContext": POD_SECURITY,
        "containers": [_container(kubeflow, step, container, env)],
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


def _container(kubeflow: Kubeflow, step: Step, name: str, env: Sequence[dict[str, Any]]) -> dict[str, Any]:
    requests = {name: value for name, value in (("cpu", step.cpu), ("memory", step.memory)) if value}
    # Kubernetes takes GPUs as a limit, and requests as many.
    limits = {**requests, **({step.gpu_resource: str(step.gpus)} if step.gpus else {})}
    return {
        "name": name,
        "image": step.image or kubeflow.image,
        "command": ["python", "-m", "trainer.distributed.worker"],
        "args": [JOB_FILE],
        "ports": [{"name": PORT_NAME, "containerPort": PORT}],
        "env": [
            *env,
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
