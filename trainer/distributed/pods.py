"""Workers as pods of a job, which an operator of Kubeflow's starts and restarts, connected by `TF_CONFIG`.

The compiled pipeline puts manifests into the environment of the Trainer's step. The step fills in which training it
is, creates what they describe, waits for the job's end, and reads the result from the checkpoints, as it does with
local workers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import Any

log = logging.getLogger("tagline.trainer")

# The environment variable with the manifests, as a JSON list, the job last.
MANIFESTS = "TAGLINE_WORKERS"
# The placeholder for the job file's path in a manifest's arguments.
JOB_FILE = "JOB_FILE"

# Group, version and plural of each kind.
_KINDS = {
    "TFJob": ("kubeflow.org", "v1", "tfjobs"),
    "TrainingRuntime": ("trainer.kubeflow.org", "v1alpha1", "trainingruntimes"),
    "TrainJob": ("trainer.kubeflow.org", "v1alpha1", "trainjobs"),
}
# The conditions of a job that has ended, and whether it ended well.
_ENDS = {"Succeeded": True, "Complete": True, "Failed": False}
_POLL_SECONDS = 5.0


class JobFailed(RuntimeError):
    """The job could not be created, or its operator reported that it failed."""


def fill_in(manifests: str, job_file: str) -> list[dict[str, Any]]:
    """Fill a training's own name and the path of its file into the manifests."""
    made: list[dict[str, Any]] = json.loads(manifests)
    name = made[-1]["metadata"]["name"]
    # The same training has the same name: a restarted step finds its job.
    own = f"{name}-{hashlib.sha256(job_file.encode()).hexdigest()[:10]}"
    filled: list[dict[str, Any]] = _replaced(made, {name: own, JOB_FILE: job_file})
    return filled


def _replaced(value: Any, texts: dict[str, str]) -> Any:
    """A copy in which each text that is a key of `texts` is its value."""
    if isinstance(value, dict):
        return {key: _replaced(inner, texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, texts) for inner in value]
    return texts.get(value, value) if isinstance(value, str) else value


def run(manifests: str, job_file: str, *, poll_seconds: float = _POLL_SECONDS) -> None:
    """Create what the manifests describe, unless it exists already, and wait for the job's end.

    Raises:
        JobFailed: with the operator's message.
    """
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    try:
        config.load_incluster_config()
    except ConfigException:
        config.load_kube_config()
    api = client.CustomObjectsApi()
    made = fill_in(manifests, job_file)
    for one in made:
        _create(api, one)
    job = made[-1]
    what = f"{job['kind']} {job['metadata']['name']} in {job['metadata']['namespace']}"
    while True:
        outcome = outcome_of(api.get_namespaced_custom_object(*_place(job), job["metadata"]["name"]))
        if outcome is not None:
            break
        time.sleep(poll_seconds)
    # This deletes its pods too, with the logs that the cluster has not stored elsewhere.
    for one in reversed(made):
        api.delete_namespaced_custom_object(*_place(one), one["metadata"]["name"])
    succeeded, message = outcome
    if not succeeded:
        raise JobFailed(f"{what} failed: {message}")
    log.info("%s has ended", what)


def _create(api: Any, one: dict[str, Any]) -> None:
    from kubernetes import client

    kind, name, namespace = one["kind"], one["metadata"]["name"], one["metadata"]["namespace"]
    try:
        api.create_namespaced_custom_object(*_place(one), one)
    except client.ApiException as error:
        if error.status != 409:
            raise JobFailed(
                f"{kind} {name} cannot be created in {namespace}: {error.status} {error.reason}; it needs its operator "
                f"there, and a role that may create, get and delete {_KINDS[kind][2]}"
            ) from error
        log.info("%s %s in %s exists already", kind, name, namespace)
    else:
        log.info("%s %s in %s created", kind, name, namespace)


def _place(one: dict[str, Any]) -> tuple[str, str, str, str]:
    group, version, plural = _KINDS[one["kind"]]
    return group, version, one["metadata"]["namespace"], plural


def outcome_of(job: dict[str, Any]) -> tuple[bool, str] | None:
    """Whether the job succeeded, with the operator's message; None while it runs."""
    for condition in job.get("status", {}).get("conditions", []):
        if condition["status"] == "True" and condition["type"] in _ENDS:
            return _ENDS[condition["type"]], condition.get("message", "")
    return None
