"""Every object that is shipped or compiled is one that Kubernetes' API server takes, in a restricted namespace."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.runners import targets
from tests.deploy.k8s.k8s_objects import ALL, DEPLOYED, UPLOADS, pod, rendered
from tests.engines.kubernetes.api_server import Cluster
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import SECRET, settings

Object = dict[str, Any]
# Of the Prometheus operator, whose definitions are in no module that can be had.
UNDEFINED = "ServiceMonitor"
WORKERS = ("data=corpus", "trainer.workers=3", "kubeflow.namespace=research", SECRET)

pytestmark = pytest.mark.timeout(1800)  # the first test builds the server


def complaint(cluster: Cluster, *objects: Object) -> str:
    """What the server and kubectl say against objects, warnings too; empty if they are taken."""
    done = cluster.kubectl(
        *("create", "--dry-run=server", "--validate=strict", "--filename=-"),
        given=yaml.safe_dump_all(objects),
    )
    assert done.returncode == 0 or done.stderr, done
    return done.stderr


def a_pod(spec: Object, namespace: str, *, name: str = "one") -> Object:
    """A pod by itself, as a controller would create it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"restartPolicy": "Never", **spec},
    }


def step_pods(workflow: Object) -> dict[str, Object]:
    """The pods of a workflow's steps, without the containers that Argo adds; by the template's name."""
    shared = {key: workflow["spec"][key] for key in ("securityContext", "serviceAccountName")}
    shared["volumes"] = workflow["spec"].get("volumes", [])
    pods = {}
    for template in workflow["spec"]["templates"]:
        if "container" in template:
            own = {
                key: template[key] for key in ("nodeSelector", "tolerations", "volumes") if key in template
            }
            container = {**template["container"], "name": "main"}
            spec = {**shared, **own, "containers": [container]}
            pods[template["name"]] = a_pod(spec, "kubeflow", name=template["name"])
    return pods


@pytest.mark.parametrize("name", ALL)
def test_the_server_takes_every_object(cluster: Cluster, name: str) -> None:
    objects = [item for item in rendered(name) if item["kind"] not in (UNDEFINED, "Namespace")]
    assert complaint(cluster, *objects) == ""


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_restricted_namespace_takes_the_servers_pods(cluster: Cluster, name: str) -> None:
    assert complaint(cluster, a_pod({**pod(rendered(name))["spec"], "restartPolicy": "Always"}, "mine")) == ""


@pytest.mark.parametrize("file", UPLOADS, ids=lambda path: path.parent.name)
def test_a_restricted_namespace_takes_the_pods_for_copying(cluster: Cluster, file: Path) -> None:
    assert complaint(cluster, yaml.safe_load(file.read_text(encoding="utf-8"))) == ""


def test_the_server_takes_the_workflow_and_the_pods_of_its_steps(cluster: Cluster) -> None:
    workflow = compiled.argo()
    workflow = {**workflow, "metadata": {**workflow["metadata"], "namespace": "kubeflow"}}
    assert complaint(cluster, workflow, *step_pods(workflow).values()) == ""


@pytest.mark.parametrize("target", ["tfjob", "trainjob"])
def test_the_server_takes_the_workers_job(cluster: Cluster, target: str, tmp_path: Path) -> None:
    targets.write(settings(*WORKERS), target=target, output=tmp_path / "job.yaml")
    objects = list(yaml.safe_load_all((tmp_path / "job.yaml").read_text(encoding="utf-8")))
    assert complaint(cluster, *objects) == ""
    for template in _pod_templates(objects):
        assert complaint(cluster, a_pod({**template["spec"], "restartPolicy": "Never"}, "research")) == ""


def _pod_templates(tree: Any) -> list[Object]:
    """Every pod template within."""
    if isinstance(tree, list):
        return [one for inner in tree for one in _pod_templates(inner)]
    if not isinstance(tree, dict):
        return []
    if "containers" in tree.get("spec", {}):
        return [tree]
    return [one for inner in tree.values() for one in _pod_templates(inner)]


def test_a_fault_is_found(cluster: Cluster) -> None:
    for item in rendered("cluster"):
        if item["kind"] != "ConfigMap":  # whose every key is data
            assert "unknown field" in complaint(cluster, {**item, "spce": {}}), item["kind"]
    workflow = copy.deepcopy(compiled.argo())
    workflow["spec"]["templates"][0]["contianer"] = {}
    assert 'unknown field "spec.templates[0].contianer"' in complaint(cluster, workflow)
    (service,) = (item for item in rendered("kserve") if item["kind"] == "InferenceService")
    service = copy.deepcopy(service)
    service["spec"]["predictor"]["minReplicas"] = "two"
    assert "minReplicas" in complaint(cluster, service)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hostNetwork": True}, "host namespaces"),
        ({"securityContext": {"runAsNonRoot": False}}, "runAsNonRoot != true"),
    ],
)
def test_a_restricted_namespace_refuses_a_pod_with_more_rights(
    cluster: Cluster, change: Object, expected: str
) -> None:
    trainer = step_pods(compiled.argo())["trainer"]
    assert expected in complaint(cluster, a_pod({**trainer["spec"], **change}, "kubeflow"))
