"""Pods have few rights, end without losing a request, and are replaced only when their start-up files change."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.deploy.k8s.k8s_objects import (
    SHIPPED,
    by_name,
    container,
    flags,
    pod,
    values_of,
    volumes,
)
from tests.deploy.k8s.kustomize import Object, render


def test_the_disruption_budget_leaves_a_pod_and_the_autoscaler_has_its_deployment(
    objects: list[Object],
) -> None:
    (autoscaler,) = by_name(objects, "HorizontalPodAutoscaler").values()
    target = autoscaler["spec"]["scaleTargetRef"]
    deployment = by_name(objects, target["kind"])[target["name"]]
    assert target["apiVersion"] == deployment["apiVersion"]
    assert "replicas" not in deployment["spec"]
    (budget,) = by_name(objects, "PodDisruptionBudget").values()
    # One may be evicted while another stays, at the lowest number of replicas too.
    assert autoscaler["spec"]["minReplicas"] > budget["spec"]["maxUnavailable"] >= 1
    # Utilization is a share of the request, so the autoscaler needs one.
    assert container(objects)["resources"]["requests"]["cpu"]


def test_the_pod_is_unprivileged(objects: list[Object]) -> None:
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
    assert not [key for key in ("hostPath", "hostNetwork", "hostPID") if [*values_of(key, spec)]]


def test_traffic_is_limited_to_labelled_namespaces_and_the_bucket(objects: list[Object]) -> None:
    (policy,) = by_name(objects, "NetworkPolicy").values()
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    sources = [source for rule in policy["spec"]["ingress"] for source in rule["from"]]
    assert all(source["namespaceSelector"]["matchLabels"] for source in sources)
    egress = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    in_bucket = "GOOGLE_APPLICATION_CREDENTIALS" in values_of("name", container(objects))
    assert egress == ({53, 443} if in_bucket else set())


def test_a_terminating_pod_outlives_its_connections(objects: list[Object]) -> None:
    channel = dict(pair.split("=") for pair in flags(objects)["grpc_channel_arguments"].split(","))
    # gRPC adds up to a tenth to the age, so that not all connections end at once.
    oldest = 1.1 * int(channel["grpc.max_connection_age_ms"]) / 1000
    grace = int(channel["grpc.max_connection_age_grace_ms"]) / 1000
    _, pause = container(objects)["lifecycle"]["preStop"]["exec"]["command"]
    assert oldest + grace <= int(pause) < pod(objects)["spec"]["terminationGracePeriodSeconds"]
    # Otherwise the server would be process 1, which gets no SIGTERM.
    assert pod(objects)["spec"]["shareProcessNamespace"] is True


def test_a_changed_batching_config_rolls_the_pods_and_a_changed_models_config_does_not(
    tmp_path: Path,
) -> None:
    def names_after(change: str) -> dict[str, str]:
        folder = tmp_path / change
        shutil.copytree(SHIPPED["base"], folder)
        with (folder / "config" / change).open("a", encoding="utf-8") as file:
            file.write("# one line more\n")
        mounted = volumes(render(folder))
        return {name: mounted[name]["configMap"]["name"] for name in ("models-config", "server-config")}

    before, models, batching = (names_after(name) for name in ("none", "models.config", "batching.config"))
    assert before == models
    assert before["models-config"] == batching["models-config"] == "tagline-models-config"
    assert before["server-config"] != batching["server-config"]
