"""A pod gets no more than it needs, goes without losing a request, and others may go beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.k8s.server.overlay import MANIFESTS
from tests.deploy.k8s.k8s_objects import DEPLOYED, container, every_value, named, pod, rendered, volumes
from tests.deploy.k8s.kustomize import Object, render


@pytest.fixture(params=DEPLOYED)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of one overlay."""
    return rendered(request.param)


def test_a_pod_may_go_at_any_time_and_the_autoscaler_has_its_deployment(objects: list[Object]) -> None:
    (autoscaler,) = named(objects, "HorizontalPodAutoscaler").values()
    target = autoscaler["spec"]["scaleTargetRef"]
    deployment = named(objects, target["kind"])[target["name"]]
    assert target["apiVersion"] == deployment["apiVersion"]
    assert "replicas" not in deployment["spec"]
    (budget,) = named(objects, "PodDisruptionBudget").values()
    # One may go and one stays, however few there are.
    assert autoscaler["spec"]["minReplicas"] > budget["spec"]["maxUnavailable"] >= 1
    # Utilization is a share of the request: without one the autoscaler knows nothing.
    assert container(objects)["resources"]["requests"]["cpu"]


def test_nobody_gets_more_than_a_server_needs(objects: list[Object]) -> None:
    spec = pod(objects)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not [key for key in ("hostPath", "hostNetwork", "hostPID") if [*every_value(spec, key)]]


def test_only_labelled_namespaces_get_in_and_out_goes_what_the_models_need(objects: list[Object]) -> None:
    (policy,) = named(objects, "NetworkPolicy").values()
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    sources = [source for rule in policy["spec"]["ingress"] for source in rule["from"]]
    assert all(source["namespaceSelector"]["matchLabels"] for source in sources)
    out = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    in_bucket = "GOOGLE_APPLICATION_CREDENTIALS" in every_value(container(objects), "name")
    assert out == ({53, 443} if in_bucket else set())


def test_a_pod_that_goes_outlives_its_connections(objects: list[Object]) -> None:
    flags = dict(argument[2:].split("=", 1) for argument in container(objects)["args"])
    channel = dict(pair.split("=") for pair in flags["grpc_channel_arguments"].split(","))
    # gRPC lets a connection grow a tenth older than said, for not all to end at once.
    oldest = 1.1 * int(channel["grpc.max_connection_age_ms"]) / 1000
    grace = int(channel["grpc.max_connection_age_grace_ms"]) / 1000
    _, pause = container(objects)["lifecycle"]["preStop"]["exec"]["command"]
    assert oldest + grace <= int(pause) < pod(objects)["spec"]["terminationGracePeriodSeconds"]
    # Or SIGTERM is not heard: the server would be process 1.
    assert pod(objects)["spec"]["shareProcessNamespace"] is True


def test_a_change_of_what_is_read_once_rolls_the_pods_and_a_change_of_models_does_not(tmp_path: Path) -> None:
    def names_after(change: str) -> dict[str, str]:
        folder = tmp_path / change
        shutil.copytree(MANIFESTS / "base", folder)
        with (folder / "config" / change).open("a", encoding="utf-8") as file:
            file.write("# one line more\n")
        found = volumes(render(folder))
        return {name: found[name]["configMap"]["name"] for name in ("models-config", "server-config")}

    before, models, batching = (names_after(name) for name in ("none", "models.config", "batching.config"))
    assert before == models
    assert before["models-config"] == batching["models-config"] == "tagline-models-config"
    assert before["server-config"] != batching["server-config"]
