"""The platform spec of Kubeflow's second back end: what pods need and a pipeline spec cannot express.

Its form is kfp-kubernetes' KubernetesExecutorConfig, which the kfp client that TFX requires does not have.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.settings.kubeflow import Kubeflow, Step


def kubernetes(kubeflow: Kubeflow, steps: dict[str, Step]) -> dict[str, Any]:
    """Make the second document of a spec; empty where no step needs anything."""
    executors = {f"{name}_executor": _config(kubeflow, step) for name, step in sorted(steps.items())}
    executors = {name: config for name, config in executors.items() if config}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}} if executors else {}


def _config(kubeflow: Kubeflow, step: Step) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if kubeflow.pvc:
        config["pvcMount"] = [
            {
                "constant": volume.claim,
                "mountPath": volume.mount,
                **({"subPath": volume.sub_path} if volume.sub_path else {}),
            }
            for volume in kubeflow.pvc
        ]
    if kubeflow.secrets:
        config["secretAsEnv"] = [
            {"secretName": key.secret, "keyToEnv": [{"secretKey": key.key, "envVar": name}]}
            for name, key in sorted(kubeflow.secrets.items())
        ]
    if labels := step.node_labels:
        config["nodeSelector"] = {"labels": labels}
    if step.tolerations:
        config["tolerations"] = [msgspec.to_builtins(toleration) for toleration in step.tolerations]
    if step.timeout:
        # Protobuf's JSON writes 64-bit integers as text.
        config["activeDeadlineSeconds"] = str(step.timeout)
    return config
