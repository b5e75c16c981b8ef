"""The platform spec of Kubeflow's second back end: what pods need and a pipeline spec cannot express.

Its form is kfp-kubernetes' KubernetesExecutorConfig, which the kfp client that TFX requires does not have.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.settings.kubeflow import Kubeflow, Step

# Names of files that can hold it: JSON has one document, the spec.
YAML = (".yaml", ".yml")


def kubernetes(kubeflow: Kubeflow, steps: dict[str, Step]) -> dict[str, Any]:
    """Make the second document of a spec; empty where no step needs anything."""
    executors = {f"{name}_executor": _config(kubeflow, step) for name, step in sorted(steps.items())}
    executors = {name: config for name, config in executors.items() if config}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}} if executors else {}


def held(kubeflow: Kubeflow) -> list[str]:
    """The settings that only the second document expresses."""
    names = [f"kubeflow.{name}" for name in ("pvc", "secrets") if getattr(kubeflow, name)]
    for node, step in sorted(kubeflow.components.items()):
        given = {
            "gpu_type": step.node_labels != step.node_selector,
            "node_selector": step.node_selector,
            "tolerations": step.tolerations,
            "timeout": step.timeout,
        }
        names += [f"kubeflow.components.{node}.{name}" for name, value in given.items() if value]
    return names


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
