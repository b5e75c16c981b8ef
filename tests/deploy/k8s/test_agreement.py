"""Objects refer to each other correctly: labels, ports, probes, mounts, files."""

from __future__ import annotations

import re

from tests.deploy.k8s.k8s_objects import (
    ALL,
    SECRETS,
    WRITTEN,
    by_name,
    container,
    flags,
    pod,
    rendered,
    values_of,
    volumes,
)
from tests.deploy.k8s.kustomize import Object


def test_selectors_match_the_pods_and_ports_have_their_names(objects: list[Object]) -> None:
    labels = pod(objects)["metadata"]["labels"]
    ports = {port["name"] for port in container(objects)["ports"]}
    selectors = [item["spec"]["selector"] for item in by_name(objects, "Service").values()]
    selectors += values_of(
        "matchLabels", [by_name(objects, "Deployment"), by_name(objects, "PodDisruptionBudget")]
    )
    selectors += [
        item["spec"]["podSelector"]["matchLabels"] for item in by_name(objects, "NetworkPolicy").values()
    ]
    assert len(selectors) == 7
    for selector in selectors:
        assert selector.items() <= labels.items()
    for service in by_name(objects, "Service").values():
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for policy in by_name(objects, "NetworkPolicy").values():
        assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} <= ports


def test_grpc_is_headless_and_rest_is_not(objects: list[Object]) -> None:
    services = by_name(objects, "Service")
    assert services["tagline-grpc"]["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in services["tagline-rest"]["spec"]


def test_the_service_monitor_finds_the_rest_service() -> None:
    monitored = {name for name in ALL if by_name(rendered(name), "ServiceMonitor")}
    assert monitored == {"sample"} | {name for name, overlay in WRITTEN.items() if overlay.monitoring}
    for objects in map(rendered, monitored):
        (monitor,) = by_name(objects, "ServiceMonitor").values()
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = by_name(objects, "Service")
        matching = [
            name for name, service in services.items() if wanted <= service["metadata"]["labels"].items()
        ]
        assert matching == ["tagline-rest"]
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in services["tagline-rest"]["spec"]["ports"]}
        configured = by_name(objects, "ConfigMap")[volumes(objects)["server-config"]["configMap"]["name"]]
        assert f'path: "{endpoint["path"]}"' in configured["data"]["monitoring.config"]


def test_probes_request_the_served_model_on_the_containers_ports(objects: list[Object]) -> None:
    ports = {port["name"]: port["containerPort"] for port in container(objects)["ports"]}
    (model,) = re.findall(
        r'\bname: "(.+)"', by_name(objects, "ConfigMap")["tagline-models-config"]["data"]["models.config"]
    )
    for name in ("startupProbe", "readinessProbe"):
        assert container(objects)[name]["httpGet"] == {"path": f"/v1/models/{model}/metadata", "port": "rest"}
    alive = container(objects)["livenessProbe"]
    if "ssl_config_file" in flags(objects):
        assert alive["tcpSocket"]["port"] in ports
    else:
        assert alive["grpc"] == {"port": ports["grpc"], "service": "PredictionService"}


def test_every_volume_exists_and_is_mounted(objects: list[Object]) -> None:
    mounts = {mount["name"]: mount for mount in container(objects)["volumeMounts"]}
    assert len(mounts) == len(container(objects)["volumeMounts"])
    assert mounts.keys() == volumes(objects).keys()
    for name, volume in volumes(objects).items():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in by_name(objects, "ConfigMap")
        elif "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in by_name(objects, "PersistentVolumeClaim")
        elif "secret" in volume:
            assert volume["secret"]["secretName"] in SECRETS
        else:
            assert "emptyDir" in volume
        assert mounts[name].get("readOnly", False) == ("emptyDir" not in volume)


def test_the_files_that_flags_name_are_mounted(objects: list[Object]) -> None:
    files = set()
    for mount in container(objects)["volumeMounts"]:
        volume = volumes(objects)[mount["name"]]
        if "configMap" in volume:
            keys = by_name(objects, "ConfigMap")[volume["configMap"]["name"]]["data"]
        else:
            keys = SECRETS.get(volume.get("secret", {}).get("secretName"), [])
        files |= {f"{mount['mountPath']}/{key}" for key in keys}
    used = {value for flag, value in flags(objects).items() if flag.endswith("_file")}
    used |= {variable["value"] for variable in container(objects).get("env", [])}
    assert used == files


def test_ports_are_those_of_the_flags(objects: list[Object]) -> None:
    ports = {port["name"]: str(port["containerPort"]) for port in container(objects)["ports"]}
    assert ports == {"grpc": flags(objects)["port"], "rest": flags(objects)["rest_api_port"]}
