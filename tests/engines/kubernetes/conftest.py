"""The cluster that the tests of Kubernetes' own checks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.engines.conftest import Met
from tests.engines.kubernetes.api_server import NAMESPACE, VERSION, Cluster, running
from tests.engines.kubernetes.go_programs import file_of

# The definitions of resources that Kubernetes does not have by itself, in the modules that their makers publish.
DEFINITIONS = (
    ("github.com/argoproj/argo-workflows/v4@v4.0.5", "manifests/base/crds/full/argoproj.io_workflows.yaml"),
    (
        "github.com/argoproj/argo-workflows/v4@v4.0.5",
        "manifests/base/crds/full/argoproj.io_workflowtaskresults.yaml",
    ),
    ("github.com/kserve/kserve@v0.20.0", "config/crd/full/serving.kserve.io_inferenceservices.yaml"),
    ("github.com/kubeflow/training-operator@v1.9.3", "manifests/base/crds/kubeflow.org_tfjobs.yaml"),
    (
        "github.com/kubeflow/trainer/v2@v2.3.0",
        "manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml",
    ),
    (
        "github.com/kubeflow/trainer/v2@v2.3.0",
        "manifests/base/crds/trainer.kubeflow.org_trainingruntimes.yaml",
    ),
)
NAMESPACES = ("kubeflow", "research", NAMESPACE, "tagline-sample", "tagline-my-model")


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("kubernetes")) as cluster:
        files = [f"--filename={file_of(module, path)}" for module, path in DEFINITIONS]
        cluster.do("create", *files)
        cluster.until_done("wait", "--for=condition=established", *files)
        for name in NAMESPACES:
            # The strictest of the three standards; a deployment's pods are warned about, a pod is refused.
            labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
            namespace = {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": labels},
            }
            cluster.do("apply", "--filename=-", given=yaml.safe_dump(namespace))
        yield cluster


@pytest.fixture
def cluster(_cluster: Cluster, met: Met) -> Cluster:
    """Kubernetes' API server, with the definitions of what is used here and restricted namespaces."""
    met("Kubernetes' API server", VERSION)
    for module, _ in DEFINITIONS:
        met(*module.removeprefix("github.com/").split("@v"))
    return _cluster
