"""Checks, through the cluster's API, of what a submitted pipeline needs there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from pipeline.settings import Settings
from pipeline.settings.kubeflow import Kubeflow

WORKFLOWS = "workflows.argoproj.io"
# Of `kubeflow.training`: the resource and what brings it.
TRAINING = {
    "tfjob": ("tfjobs.kubeflow.org", "Kubeflow's training operator v1"),
    "trainjob": ("trainjobs.trainer.kubeflow.org", "Kubeflow Trainer 2"),
}
METADATA_MAP = "metadata-grpc-configmap"
_TIMEOUT = {"_request_timeout": 10}
# A registry's host has a dot or a port; a name without one is looked up at Docker Hub below somebody's account.
_PULLABLE = re.compile(r"[^/]*[.:][^/]*/.+|[^/.:]+/.+")

State = Literal["ok", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        what: the object that was checked.
        state: whether it exists; unknown without the permission to read it.
        expected: what a pipeline needs.
        found: what the cluster has.
        remedy: what to do; empty where nothing is to be done.
    """

    what: str
    state: State
    expected: str
    found: str
    remedy: str = ""


def findings(settings: Settings, api: client.ApiClient, *, target: str) -> Iterator[Finding]:
    """Check one object after the other; if the cluster does not answer, that is the only finding.

    Args:
        settings: what is submitted.
        api: of the cluster.
        target: `kubeflow`, whose steps record their own metadata and can have workers in other pods, or `kubeflow-v2`.
    """
    cluster = settings.kubeflow
    reachable = _reachable(api)
    yield reachable
    if reachable.state != "ok":
        return
    core = client.CoreV1Api(api)
    space = cluster.namespace
    yield _exists(
        f"namespace {space}",
        lambda: core.read_namespace(space, **_TIMEOUT),
        remedy=f"kubectl create namespace {space}, or set kubeflow.namespace",
    )
    yield _exists(
        f"service account {cluster.service_account}",
        lambda: core.read_namespaced_service_account(cluster.service_account, space, **_TIMEOUT),
        remedy="kubectl apply -k deploy/k8s/pipeline, or set kubeflow.service_account",
    )
    for claim in dict.fromkeys(volume.claim for volume in cluster.pvc):
        yield _claim(core, claim, space)
    for name in dict.fromkeys(key.secret for key in cluster.secrets.values()):
        yield _secret(core, name, cluster, space)
    if target == "kubeflow" and cluster.metadata is None:
        yield _exists(
            f"config map {METADATA_MAP}",
            lambda: core.read_namespaced_config_map(METADATA_MAP, space, **_TIMEOUT),
            remedy="install Kubeflow Pipelines into this namespace, or set kubeflow.metadata to MLMD's host and port",
        )
    yield _definition(api, WORKFLOWS, remedy="install Kubeflow Pipelines, which brings Argo Workflows")
    if target == "kubeflow" and settings.trainer.workers > 1:
        resource, operator = TRAINING[cluster.training]
        yield _definition(api, resource, remedy=f"install {operator}, or set trainer.workers to 1")
    for node, step in cluster.components.items():
        if step.gpus:
            yield _gpus(core, node, step.gpu_resource, step.gpus, step.node_labels)
    images = [cluster.image, *(step.image for step in cluster.components.values() if step.image)]
    for image in dict.fromkeys(images):
        yield _image(image)


def _reachable(api: client.ApiClient) -> Finding:
    address = api.configuration.host
    try:
        version = client.VersionApi(api).get_code(**_TIMEOUT)
    except (ApiException, urllib3.exceptions.HTTPError) as error:
        found = (
            f"HTTP {error.status}" if isinstance(error, ApiException) else str(error).split("(Caused by")[0]
        )
        remedy = "look at `kubectl cluster-info`; another cluster is chosen by --context"
        return Finding(
            what="cluster", state="missing", expected=f"{address} answers", found=found, remedy=remedy
        )
    return Finding(
        what="cluster", state="ok", expected=f"{address} answers", found=f"Kubernetes {version.git_version}"
    )


def _exists(what: str, read: Callable[[], Any], *, remedy: str) -> Finding:
    try:
        read()
    except ApiException as error:
        return _refused(what, "it exists", error, remedy)
    return Finding(what=what, state="ok", expected="it exists", found="it exists")


def _refused(what: str, expected: str, error: ApiException, remedy: str) -> Finding:
    if error.status == 404:
        return Finding(what=what, state="missing", expected=expected, found="nothing", remedy=remedy)
    return Finding(
        what=what,
        state="unknown",
        expected=expected,
        found=f"HTTP {error.status}: no permission to read it",
        remedy="get the permission, or have somebody check who has it",
    )


def _claim(core: client.CoreV1Api, name: str, space: str) -> Finding:
    what, expected = f"volume claim {name}", "bound, ReadWriteMany"
    try:
        claim = core.read_namespaced_persistent_volume_claim(name, space, **_TIMEOUT)
    except ApiException as error:
        return _refused(what, expected, error, "kubectl apply -k deploy/k8s/pipeline, or set kubeflow.pvc")
    modes, phase = list(claim.spec.access_modes or []), str(claim.status.phase)
    found = f"{phase.lower()}, {' '.join(modes)}"
    if phase == "Lost":
        remedy = "its volume is gone: delete the claim and create it again"
        return Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
    if "ReadWriteMany" not in modes:
        remedy = "steps and servers of several nodes share it: create it again with a class that offers it"
        return Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
    # Many storage classes bind when the first pod comes.
    if phase != "Bound":
        remedy = f"wait if its class binds late, or look at `kubectl describe pvc {name} --namespace {space}`"
        return Finding(what=what, state="unknown", expected=expected, found=found, remedy=remedy)
    return Finding(what=what, state="ok", expected=expected, found=found)


def _secret(core: client.CoreV1Api, name: str, cluster: Kubeflow, space: str) -> Finding:
    keys = sorted({key.key for key in cluster.secrets.values() if key.secret == name})
    what, expected = f"secret {name}", f"with {', '.join(keys)}"
    literals = " ".join(f"--from-file={key}=FILE" for key in keys)
    remedy = f"kubectl create secret generic {name} --namespace {space} {literals}"
    try:
        held = sorted(core.read_namespaced_secret(name, space, **_TIMEOUT).data or {})
    except ApiException as error:
        return _refused(what, expected, error, remedy)
    if absent := sorted(set(keys) - set(held)):
        found = f"without {', '.join(absent)}; it has {', '.join(held) or 'no key'}"
        return Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
    return Finding(what=what, state="ok", expected=expected, found=f"with {', '.join(held)}")


def _definition(api: client.ApiClient, name: str, *, remedy: str) -> Finding:
    definitions = client.ApiextensionsV1Api(api)
    return _exists(
        f"custom resource {name}",
        # The reply's body is of no interest, and this client is stricter about it than newer clusters are.
        lambda: definitions.read_custom_resource_definition(name, _preload_content=False, **_TIMEOUT),
        remedy=remedy,
    )


def _gpus(core: client.CoreV1Api, node: str, resource: str, count: int, labels: dict[str, str]) -> Finding:
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    what, expected = (
        f"GPUs for {node}",
        f"a node with {count} {resource}" + (f" and {selector}" if selector else ""),
    )
    try:
        nodes = core.list_node(label_selector=selector or None, **_TIMEOUT).items
    except ApiException as error:
        return _refused(what, expected, error, "")
    best = max((int((each.status.allocatable or {}).get(resource, "0")) for each in nodes), default=0)
    found = f"{best} on the best of {len(nodes)} nodes" + (" with these labels" if selector else "")
    if best < count:
        remedy = (
            "add such a node and its device plugin, or set gpus, gpu_type and node_selector of "
            f"kubeflow.components.{node} to what the cluster has"
        )
        return Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
    return Finding(what=what, state="ok", expected=expected, found=found)


def _image(image: str) -> Finding:
    what, expected = f"image {image}", "a name that nodes can pull, registry and all"
    if not _PULLABLE.fullmatch(image):
        remedy = "push it to a registry and set kubeflow.image=REGISTRY/tagline:TAG"
        return Finding(
            what=what, state="missing", expected=expected, found="no registry in it", remedy=remedy
        )
    if ":" not in image.rsplit("/", 1)[1] or image.endswith(":latest"):
        found, remedy = "no fixed tag", "name a tag or a digest, so that all steps run the same code"
        return Finding(what=what, state="unknown", expected=expected, found=found, remedy=remedy)
    return Finding(what=what, state="ok", expected=expected, found="it names a registry and a tag")
