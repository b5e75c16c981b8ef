"""Checks of a cluster, by Kubernetes' own client against a server that answers as its API does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from pipeline.cluster.checks import Finding, findings
from pipeline.settings import load
from tests.pipeline.cluster.rest_api import Api, serving

CORE, SPACE = "/api/v1", "/api/v1/namespaces/kubeflow"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SETTINGS = (
    "kubeflow.image=registry.example.org/tagline:1",
    "kubeflow.secrets={S3_ID: {secret: s3, key: id}, S3_KEY: {secret: s3, key: key}}",
    "kubeflow.components.Trainer={gpus: 2, node_selector: {pool: gpu}}",
    "trainer.workers=2",
)


def claim(name: str, *, phase: str = "Bound", mode: str = "ReadWriteMany") -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"accessModes": [mode]}, "status": {"phase": phase}}


def node(gpus: int) -> dict[str, Any]:
    return {
        "metadata": {"name": f"n{gpus}"},
        "status": {"allocatable": {"cpu": "8", "nvidia.com/gpu": str(gpus)}},
    }


def complete() -> dict[str, Any]:
    """A cluster that lacks nothing."""
    return {
        "GET /version/": {
            "major": "1", "minor": "29", "gitVersion": "v1.29.3", "gitCommit": "a", "gitTreeState": "clean",
            "buildDate": "d", "goVersion": "go1", "compiler": "gc", "platform": "linux/amd64",
        },
        f"GET {SPACE}": {"metadata": {"name": "kubeflow"}},
        f"GET {SPACE}/serviceaccounts/tagline-pipeline": {"metadata": {"name": "tagline-pipeline"}},
        f"GET {SPACE}/persistentvolumeclaims/tagline-work": claim("tagline-work"),
        f"GET {SPACE}/persistentvolumeclaims/tagline-models": claim("tagline-models"),
        f"GET {SPACE}/secrets/s3": {"metadata": {"name": "s3"}, "data": {"id": "eA==", "key": "eA=="}},
        f"GET {SPACE}/configmaps/metadata-grpc-configmap": {"metadata": {"name": "metadata-grpc-configmap"}},
        f"GET {DEFINITIONS}/workflows.argoproj.io": {"kind": "CustomResourceDefinition"},
        f"GET {DEFINITIONS}/tfjobs.kubeflow.org": {"kind": "CustomResourceDefinition"},
        f"GET {CORE}/nodes": {"items": [node(0), node(4)]},
    }  # fmt: skip


@pytest.fixture
def cluster() -> Iterator[Api]:
    with serving(complete()) as api:
        yield api


def checked(cluster: Api, *assignments: str, target: str = "kubeflow") -> dict[str, Finding]:
    configuration = client.Configuration()
    configuration.host, configuration.retries = cluster.address, 0
    settings = load(assignments=[*SETTINGS, *assignments])
    found = findings(settings, client.ApiClient(configuration), target=target)
    return {finding.what: finding for finding in found}


def test_nothing_is_missing(cluster: Api) -> None:
    found = checked(cluster)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert list(found) == [
        "cluster", "namespace kubeflow", "service account tagline-pipeline", "volume claim tagline-work",
        "volume claim tagline-models", "secret s3", "config map metadata-grpc-configmap",
        "custom resource workflows.argoproj.io", "custom resource tfjobs.kubeflow.org", "GPUs for Trainer",
        "image registry.example.org/tagline:1",
    ]  # fmt: skip
    assert found["cluster"].found == "Kubernetes v1.29.3"
    (query,) = [query for request, query, _ in cluster.requests if request == f"GET {CORE}/nodes"]
    assert query == {"labelSelector": ["pool=gpu"]}


@pytest.mark.parametrize(
    ("request_", "answer", "what", "state", "found", "remedy"),
    [
        (f"GET {SPACE}", 404, "namespace kubeflow", "missing", "nothing", "kubectl create namespace kubeflow"),
        (f"GET {SPACE}", 403, "namespace kubeflow", "unknown",
         "HTTP 403: no permission to read it", "get the permission"),
        (f"GET {SPACE}/serviceaccounts/tagline-pipeline", 404, "service account tagline-pipeline", "missing",
         "nothing", "kubectl apply -k deploy/k8s/pipeline"),
        (f"GET {SPACE}/persistentvolumeclaims/tagline-work", 404, "volume claim tagline-work", "missing",
         "nothing", "kubectl apply -k deploy/k8s/pipeline"),
        (f"GET {SPACE}/persistentvolumeclaims/tagline-work", claim("w", mode="ReadWriteOnce"),
         "volume claim tagline-work", "missing", "bound, ReadWriteOnce", "a class that offers it"),
        (f"GET {SPACE}/persistentvolumeclaims/tagline-work", claim("w", phase="Lost"),
         "volume claim tagline-work", "missing", "lost, ReadWriteMany", "create it again"),
        (f"GET {SPACE}/persistentvolumeclaims/tagline-work", claim("w", phase="Pending"),
         "volume claim tagline-work", "unknown", "pending, ReadWriteMany", "kubectl describe pvc tagline-work"),
        (f"GET {SPACE}/secrets/s3", 404, "secret s3", "missing", "nothing",
         "kubectl create secret generic s3 --namespace kubeflow --from-file=id=FILE --from-file=key=FILE"),
        (f"GET {SPACE}/secrets/s3", {"data": {"id": "eA=="}}, "secret s3", "missing", "without key; it has id",
         "kubectl create secret"),
        (f"GET {SPACE}/configmaps/metadata-grpc-configmap", 404, "config map metadata-grpc-configmap", "missing",
         "nothing", "set kubeflow.metadata"),
        (f"GET {DEFINITIONS}/workflows.argoproj.io", 404, "custom resource workflows.argoproj.io", "missing",
         "nothing", "install Kubeflow Pipelines"),
        (f"GET {DEFINITIONS}/tfjobs.kubeflow.org", 404, "custom resource tfjobs.kubeflow.org", "missing",
         "nothing", "training operator"),
        (f"GET {CORE}/nodes", {"items": [node(1)]}, "GPUs for Trainer", "missing",
         "1 on the best of 1 nodes with these labels", "device plugin"),
        (f"GET {CORE}/nodes", {"items": []}, "GPUs for Trainer", "missing",
         "0 on the best of 0 nodes with these labels", "device plugin"),
    ],
)  # fmt: skip
def test_missing_objects_are_reported_with_a_remedy(
    cluster: Api, request_: str, answer: Any, what: str, state: str, found: str, remedy: str
) -> None:
    cluster.answers[request_] = answer
    by_object = checked(cluster)
    finding = by_object.pop(what)
    assert (finding.state, finding.found) == (state, found)
    assert remedy in finding.remedy
    # And nothing else.
    assert {other.state for other in by_object.values()} == {"ok"}


def test_only_what_the_settings_need_is_checked(cluster: Api) -> None:
    found = checked(
        cluster,
        "trainer.workers=1",
        "kubeflow.metadata={host: h}",
        "kubeflow.components={Trainer: {gpus: 0}}",
    )
    assert not [what for what in found if what.startswith(("GPUs", "config map", "custom resource tfjobs"))]
    # A spec's steps record no metadata themselves, and its workers are processes of a step.
    of_a_spec = checked(cluster, target="kubeflow-v2")
    assert not [what for what in of_a_spec if what.startswith(("config map", "custom resource tfjobs"))]
    assert "GPUs for Trainer" in of_a_spec


@pytest.mark.parametrize(
    ("image", "state"),
    [
        ("tagline:latest", "missing"),
        ("tagline", "missing"),
        ("me/tagline:7", "ok"),
        ("localhost:5000/tagline:7", "ok"),
        ("registry.example.org/a/tagline", "unknown"),
        ("registry.example.org/a/tagline:latest", "unknown"),
        ("registry.example.org/a/tagline@sha256:abc", "ok"),
    ],
)
def test_an_image_that_nodes_can_pull(cluster: Api, image: str, state: str) -> None:
    assert checked(cluster, f"kubeflow.image={image}")[f"image {image}"].state == state


def test_a_cluster_that_does_not_answer_is_the_only_finding() -> None:
    with serving({}) as gone:
        pass
    (finding,) = checked(gone).values()
    assert (finding.what, finding.state) == ("cluster", "missing")
    assert "--context" in finding.remedy


# The command, as a process with a kubeconfig.


def tagline(cluster: Api, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": cluster.address}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    (folder / "config").write_text(yaml.safe_dump(config))
    settings = [word for each in SETTINGS for word in ("--set", each)]
    program = [sys.executable, "-m", "pipeline.cli.app", "cluster", "check", *settings, *more]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "config"),
        "TERM": "dumb",
    }
    return subprocess.run(program, capture_output=True, text=True, env=environment)


@pytest.mark.slow
def test_the_command_prints_every_finding(cluster: Api, tmp_path: Path) -> None:
    cluster.answers["GET /apis/v2beta1/healthz"] = {"multi_user": False}
    done = tagline(cluster, tmp_path, "--set", f"kubeflow.host={cluster.address}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "nothing is missing"
    assert all(line.startswith("ok      ") for line in lines[:-1])
    assert lines[1] == "ok      namespace kubeflow: expected it exists; found it exists"

    del cluster.answers[f"GET {SPACE}/persistentvolumeclaims/tagline-work"]
    done = tagline(cluster, tmp_path, "--no-host")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = lines.index("missing volume claim tagline-work: expected bound, ReadWriteMany; found nothing")
    assert lines[at + 1].startswith("        kubectl apply -k deploy/k8s/pipeline")
    assert lines[-1] == "1 missing"


def test_without_a_kubeconfig(cluster: Api, tmp_path: Path) -> None:
    done = tagline(cluster, tmp_path, "--context", "there")
    assert done.returncode == 2
    assert (
        "error: no cluster: expected a kubeconfig (KUBECONFIG, or ~/.kube/config) with the context there"
        in done.stderr
    )
