"""Several workers on a cluster: a TFJob, for Kubeflow's training operator v1."""

from __future__ import annotations

from typing import Any

from pipeline.runners.workers.pod import ANNOTATIONS, RESTARTS, metadata_of, pod_of, require_several
from pipeline.settings import Settings

# The name by which the operator finds the container.
_CONTAINER = "tensorflow"


def manifest(settings: Settings) -> dict[str, Any]:
    """Make the TFJob's manifest, to which the Trainer's step adds which job it is.

    Raises:
        SettingsError: a single worker.
    """
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "TFJob",
        "metadata": metadata_of(settings),
        "spec": {
            # When the job has ended, pods that still run are deleted.
            "runPolicy": {"cleanPodPolicy": "Running", "backoffLimit": RESTARTS},
            "tfReplicaSpecs": {
                "Worker": {
                    "replicas": require_several(settings),
                    # 128 and above is restarted: killed by a signal, or ended because another worker is gone.
                    "restartPolicy": "ExitCode",
                    "template": {
                        "metadata": {"annotations": ANNOTATIONS},
                        "spec": pod_of(settings, container=_CONTAINER),
                    },
                }
            },
        },
    }
