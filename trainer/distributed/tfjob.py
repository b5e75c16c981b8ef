"""Workers as pods of a TFJob, which Kubeflow's training operator starts, connects by `TF_CONFIG` and starts again.

Whoever makes the Trainer's step hands it a manifest in the environment. The step fills in the name of the job's
file, creates the TFJob, waits for its end, and takes the result from the checkpoints, as from processes beside it.
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
# What stands for the job's file in the manifest's arguments, and ends its name.
JOB_FILE = "JOB_FILE"

_GROUP, _VERSION, _PLURAL = "kubeflow.org", "v1", "tfjobs"
_SECONDS_BETWEEN_LOOKS = 5.0


class TFJobFailed(RuntimeError):
    """The operator gave the TFJob up."""


def filled_in(manifest: str, job_file: str) -> dict[str, Any]:
    """The manifest for one job: a name of its own, the file in the workers' arguments."""
    tfjob: dict[str, Any] = json.loads(manifest)
    # The same training asks for the same name: a step that was started again finds its job.
    tfjob["metadata"]["name"] += f"-{hashlib.sha256(job_file.encode()).hexdigest()[:10]}"
    for replicas in tfjob["spec"]["tfReplicaSpecs"].values():
        for container in replicas["template"]["spec"]["containers"]:
            container["args"] = [job_file if a == JOB_FILE else a for a in container["args"]]
    return tfjob


def run(manifest: str, job_file: str, *, seconds_between_looks: float = _SECONDS_BETWEEN_LOOKS) -> None:
    """Create the TFJob and wait for its end; one of that name that is under way is waited for.

    Raises:
        TFJobFailed: with what the operator says.
    """
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    try:
        config.load_incluster_config()
    except ConfigException:
        config.load_kube_config()
    api = client.CustomObjectsApi()
    tfjob = filled_in(manifest, job_file)
    name, namespace = tfjob["metadata"]["name"], tfjob["metadata"]["namespace"]
    place = (_GROUP, _VERSION, namespace, _PLURAL)
    try:
        api.create_namespaced_custom_object(*place, tfjob)
        log.info("TFJob %s in %s created", name, namespace)
    except client.ApiException as error:
        if error.status != 409:
            raise TFJobFailed(
                f"TFJob {name} cannot be created in {namespace}: {error.status} {error.reason}; it takes the "
                "training operator there, and a role that may create, get and delete tfjobs"
            ) from error
        log.info("TFJob %s in %s is there already", name, namespace)
    while True:
        found = api.get_namespaced_custom_object(*place, name)
        state = ended(found)
        if state is not None:
            break
        time.sleep(seconds_between_looks)
    # With it go its pods; their logs were the operator's to keep.
    api.delete_namespaced_custom_object(*place, name)
    good, words = state
    if not good:
        raise TFJobFailed(f"TFJob {name} in {namespace} failed: {words}")
    log.info("TFJob %s in %s has ended", name, namespace)


def ended(tfjob: dict[str, Any]) -> tuple[bool, str] | None:
    """Whether the TFJob went well and what is said of it; None while it goes on."""
    for condition in tfjob.get("status", {}).get("conditions", []):
        if condition["status"] == "True" and condition["type"] in ("Succeeded", "Failed"):
            return condition["type"] == "Succeeded", condition.get("message", "")
    return None
