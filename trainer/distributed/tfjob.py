"""Workers as pods of a TFJob, which Kubeflow's training operator starts, connects by `TF_CONFIG` and restarts.

The compiled pipeline puts a manifest into the environment of the Trainer's step. The step fills in the path
of the job file, creates the TFJob, waits for its end, and reads the result from the checkpoints, as it does
with local workers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import Any

log = logging.getLogger("tagline.trainer")

# The environment variable with the manifest, as JSON.
MANIFEST = "TAGLINE_TFJOB"
# The placeholder for the job file's path in the manifest's arguments.
JOB_FILE = "JOB_FILE"

_GROUP, _VERSION, _PLURAL = "kubeflow.org", "v1", "tfjobs"
_POLL_SECONDS = 5.0


class TFJobFailed(RuntimeError):
    """The TFJob could not be created, or the operator reported that it failed."""


def fill_in(manifest: str, job_file: str) -> dict[str, Any]:
    """Fill a job's own name and the path of its file into the manifest."""
    tfjob: dict[str, Any] = json.loads(manifest)
    # The same training has the same name: a restarted step finds its job.
    tfjob["metadata"]["name"] += f"-{hashlib.sha256(job_file.encode()).hexdigest()[:10]}"
    for replicas in tfjob["spec"]["tfReplicaSpecs"].values():
        for container in replicas["template"]["spec"]["containers"]:
            container["args"] = [job_file if a == JOB_FILE else a for a in container["args"]]
    return tfjob


def run(manifest: str, job_file: str, *, poll_seconds: float = _POLL_SECONDS) -> None:
    """Create the TFJob, unless one of that name is running already, and wait for its end.

    Raises:
        TFJobFailed: with the operator's message.
    """
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    try:
        config.load_incluster_config()
    except ConfigException:
        config.load_kube_config()
    api = client.CustomObjectsApi()
    tfjob = fill_in(manifest, job_file)
    name, namespace = tfjob["metadata"]["name"], tfjob["metadata"]["namespace"]
    place = (_GROUP, _VERSION, namespace, _PLURAL)
    try:
        api.create_namespaced_custom_object(*place, tfjob)
        log.info("TFJob %s in %s created", name, namespace)
    except client.ApiException as error:
        if error.status != 409:
            raise TFJobFailed(
                f"TFJob {name} cannot be created in {namespace}: {error.status} {error.reason}; it needs the "
                "training operator there, and a role that may create, get and delete tfjobs"
            ) from error
        log.info("TFJob %s in %s exists already", name, namespace)
    while True:
        outcome = outcome_of(api.get_namespaced_custom_object(*place, name))
        if outcome is not None:
            break
        time.sleep(poll_seconds)
    # This deletes its pods too, with the logs that the cluster has not stored elsewhere.
    api.delete_namespaced_custom_object(*place, name)
    succeeded, message = outcome
    if not succeeded:
        raise TFJobFailed(f"TFJob {name} in {namespace} failed: {message}")
    log.info("TFJob %s in %s has ended", name, namespace)


def outcome_of(tfjob: dict[str, Any]) -> tuple[bool, str] | None:
    """Whether the TFJob succeeded, with the operator's message; None while it runs."""
    for condition in tfjob.get("status", {}).get("conditions", []):
        if condition["status"] == "True" and condition["type"] in ("Succeeded", "Failed"):
            return condition["type"] == "Succeeded", condition.get("message", "")
    return None
