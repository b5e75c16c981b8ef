"""The kustomizations as they are rendered, and the accessors that their tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate

from deploy.k8s.server.overlay import MANIFESTS, Overlay, write
from tests.deploy.k8s.kustomize import Object, render

K8S = MANIFESTS.parent
ROOT = K8S.parents[1]
# The oldest version that has every field used (gRPC probes), one in use, and the newest with schemas.
KUBERNETES = ("1.27", "1.32", kubernetes_validate.latest_version())
# Pods for copying by hand: the corpus to the pipeline's volume, a model to the server's.
UPLOADS = (K8S / "upload.yaml", MANIFESTS / "upload.yaml")
# Secrets made by hand, with their keys; the components' comments say so.
SECRETS = {"tagline-gcs": ["key.json"], "tagline-tls": ["ssl.config"]}

SHIPPED = {
    "cluster": K8S,
    "pipeline": K8S / "pipeline",
    "base": MANIFESTS / "base",
    "sample": MANIFESTS / "overlays/sample",
    "kserve": MANIFESTS / "kserve",
}
WRITTEN = {
    "plain": Overlay(model="mine", namespace="mine"),
    "all": Overlay(model="My_Model", namespace="tagline-my-model", monitoring=True, tls=True),
    "bucket": Overlay(model="mine", namespace="mine", models="gs://a-bucket/models", monitoring=True),
}
ALL = [*SHIPPED, *WRITTEN]
# KServe makes the deployment by itself; the pipeline has none.
DEPLOYED = [name for name in ALL if name not in ("kserve", "pipeline")]


@cache
def rendered(name: str) -> list[Object]:
    """The objects of one kustomization; not to be changed."""
    if name in SHIPPED:
        return render(SHIPPED[name])
    with tempfile.TemporaryDirectory() as folder:
        write(WRITTEN[name], Path(folder))
        return render(Path(folder))


def by_name(objects: list[Object], kind: str) -> dict[str, Object]:
    """The objects of one kind."""
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def pod(objects: list[Object]) -> Object:
    """The pod template of the one deployment."""
    (deployment,) = by_name(objects, "Deployment").values()
    return deployment["spec"]["template"]


def container(objects: list[Object]) -> Object:
    """The one container of the deployment."""
    (only,) = pod(objects)["spec"]["containers"]
    return only


def flags(objects: list[Object]) -> dict[str, str]:
    """The command line of the container, as values by flag."""
    return dict(argument[2:].split("=", 1) for argument in container(objects)["args"])


def volumes(objects: list[Object]) -> dict[str, Object]:
    """The volumes of the deployment's pod."""
    return {volume["name"]: volume for volume in pod(objects)["spec"]["volumes"]}


def values_of(key: str, tree: Any) -> Iterator[Any]:
    """Every value under `key`, at any depth."""
    if isinstance(tree, dict):
        for name, inner in tree.items():
            if name == key:
                yield inner
            yield from values_of(key, inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from values_of(key, inner)
