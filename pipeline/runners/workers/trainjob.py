"""Several workers on a cluster: a TrainJob, for Kubeflow Trainer 2.

Trainer has no policy for TensorFlow, so this is a plain one: the runtime, made for this job, holds the pods and their
TF_CONFIG. The pods of a job are named alike (JobSet's NAME-node-0-INDEX), so that each can list all of them.
"""

from __future__ import annotations

import json
from typing import Any

from pipeline.runners.workers.pod import ANNOTATIONS, PORT, RESTARTS, metadata_of, pod_of, require_several
from pipeline.settings import Settings

_API = "trainer.kubeflow.org/v1alpha1"
# The names by which Trainer finds the job of the workers and their container.
_STEP = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
_NODE = "node"
# An error that a restart would not help, and a loss that is not finite: see trainer/distributed/worker.py.
_FINAL = [1, 3]


def manifests(settings: Settings) -> list[dict[str, Any]]:
    """Make the manifests of the runtime and of the TrainJob that refers to it.

    Raises:
        SettingsError: a single worker.
    """
    workers, metadata = require_several(settings), metadata_of(settings)
    return [
        {
            "apiVersion": _API,
            "kind": "TrainingRuntime",
            "metadata": metadata,
            "spec": _runtime(settings, workers),
        },
        {
            "apiVersion": _API,
            "kind": "TrainJob",
            "metadata": metadata,
            "spec": {
                "runtimeRef": {
                    "apiGroup": "trainer.kubeflow.org",
                    "kind": "TrainingRuntime",
                    "name": metadata["name"],
                },
                "trainer": {"numNodes": workers},
            },
        },
    ]


def _runtime(settings: Settings, workers: int) -> dict[str, Any]:
    pod = pod_of(settings, container=_NODE, env=_tf_config(workers))
    job = {
        # A pod that fails ends its job; then all pods of the set are restarted together.
        "backoffLimit": 0,
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {"containerName": _NODE, "operator": "In", "values": _FINAL},
                    # Older schemas of Kubernetes demand it.
                    "onPodConditions": [],
                }
            ]
        },
        "template": {"metadata": {"annotations": ANNOTATIONS}, "spec": {**pod, "restartPolicy": "Never"}},
    }
    final = {"name": "final", "action": "FailJobSet", "onJobFailureReasons": ["PodFailurePolicy"]}
    return {
        "mlPolicy": {"numNodes": workers},
        "template": {
            "spec": {
                "failurePolicy": {"maxRestarts": RESTARTS, "rules": [final]},
                "replicatedJobs": [{"name": _NODE, "template": {"metadata": {"labels": _STEP}, "spec": job}}],
            }
        },
    }


def _tf_config(workers: int) -> list[dict[str, Any]]:
    """Environment variables, of which the last refers to those before it as Kubernetes resolves them."""

    def of_pod(name: str, path: str) -> dict[str, Any]:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    addresses = [f"$(TRAINJOB)-{_NODE}-0-{index}.$(TRAINJOB):{PORT}" for index in range(workers)]
    config = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": "WORKER"}})
    return [
        of_pod("TRAINJOB", "metadata.labels['jobset.sigs.k8s.io/jobset-name']"),
        of_pod("WORKER", "metadata.annotations['batch.kubernetes.io/job-completion-index']"),
        {"name": "TF_CONFIG", "value": config.replace('"WORKER"', "$(WORKER)")},
    ]
