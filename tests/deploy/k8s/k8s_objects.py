"""The overlays as they are rendered, and the ways into them that their tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate

from deploy.k8s.server.overlay import MANIFESTS, Overlay, write
from tests.deploy.k8s.kustomize import Object, render

# The oldest that has every field used (gRPC probes), one in use, and the newest there are schemas for.
KUBERNETES = ("1.27", "1.32", kubernetes_validate.latest_version())
UPLOAD = MANIFESTS / "upload.yaml"
# What is made by hand, by its name; the components say so.
SECRETS = {"tagline-gcs": ["key.json"], "tagline-tls": ["ssl.config"]}

SHIPPED = {
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
# KServe makes the deployment by itself.
DEPLOYED = [name for name in ALL if name != "kserve"]


@cache
def rendered(name: str) -> list[Object]:
    """The objects of one overlay; not to be changed."""
    if name in SHIPPED:
        return render(SHIPPED[name])
    with tempfile.TemporaryDirectory() as folder:
        write(WRITTEN[name], Path(folder))
        return render(Path(folder))


def named(objects: list[Object], kind: str) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def pod(objects: list[Object]) -> Object:
    """The one deployment's pod."""
    (deployment,) = named(objects, "Deployment").values()
    return deployment["spec"]["template"]


def container(objects: list[Object]) -> Object:
    (only,) = pod(objects)["spec"]["containers"]
    return only


def volumes(objects: list[Object]) -> dict[str, Object]:
    return {volume["name"]: volume for volume in pod(objects)["spec"]["volumes"]}


def every_value(value: Any, key: str) -> Iterator[Any]:
    """Whatever stands under `key`, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from every_value(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every_value(inner, key)
