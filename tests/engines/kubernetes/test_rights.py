"""What Kubernetes lets the pipeline's service account do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy.k8s.k8s_objects import K8S
from tests.deploy.k8s.kustomize import render
from tests.engines.kubernetes.api_server import Cluster

ACCOUNT = "system:serviceaccount:kubeflow:tagline-pipeline"
# Of Argo's container in each pod, before Argo 3.4 too.
REPORTS = ("create workflowtaskresults", "patch workflowtaskresults", "get pods", "patch pods")
# Of Kubeflow's driver and launcher, which run as the account: where its own store is, and the key to it.
STORE = ("get configmaps/kfp-launcher", "get secrets/mlpipeline-minio-artifact")
WORKERS = tuple(
    f"{verb} {kind}"
    for kind in ("tfjobs", "trainjobs", "trainingruntimes")
    for verb in ("create", "get", "delete")
)
NEVER = (
    "create pods",
    "delete pods",
    "create pods --subresource=exec",
    "list secrets",
    "get secrets/tagline-tls",
    "list configmaps",
    "get configmaps/tagline-models-config",
    "create workflows",
    "patch deployments",
    "create serviceaccounts --subresource=token",
    "create rolebindings",
    "list tfjobs",
    "list trainjobs",
)

pytestmark = pytest.mark.timeout(1800)  # the first test builds the server


def may(cluster: Cluster, what: str, namespace: str) -> bool:
    """Whether Kubernetes would let the pipeline's account do it."""
    done = cluster.kubectl("auth", "can-i", *what.split(), f"--as={ACCOUNT}", f"--namespace={namespace}")
    # A resource that the server does not know would be told on the other stream, and be refused for that alone.
    assert (done.stdout, done.stderr) in (("yes\n", ""), ("no\n", "")), done
    return done.stdout == "yes\n"


@pytest.fixture(params=["pipeline", "pipeline with workers"])
def workers(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[bool]:
    """The pipeline's objects on the cluster; whether with the component for several workers."""
    folders = [os.path.relpath(K8S / name, tmp_path) for name in ("pipeline", "components/training")]
    with_workers = bool(request.param == "pipeline with workers")
    components = folders[1:] if with_workers else []
    kustomization = tmp_path / "kustomization.yaml"
    kustomization.write_text(yaml.safe_dump({"resources": folders[:1], "components": components}))
    # A claim is not deleted without a controller, which would be in the way of the next test.
    objects = yaml.safe_dump_all(item for item in render(tmp_path) if item["kind"] != "PersistentVolumeClaim")
    cluster.do("create", "--filename=-", given=objects)
    yield with_workers
    cluster.do("delete", "--wait=false", "--filename=-", given=objects)


def test_the_account_may_do_what_its_pods_do_and_nothing_else(cluster: Cluster, workers: bool) -> None:
    asked = (*REPORTS, *STORE, *WORKERS, *NEVER)
    allowed = {what for what in asked if may(cluster, what, "kubeflow")}
    assert allowed == {*REPORTS, *STORE, *(WORKERS if workers else ())}
    assert not [what for what in asked if may(cluster, what, "mine")]
