"""What one object says of another is so: labels, ports, probes, mounts, files."""

from __future__ import annotations

import re

import pytest

from tests.deploy.k8s.k8s_objects import (
    ALL,
    DEPLOYED,
    SECRETS,
    WRITTEN,
    container,
    named,
    pod,
    rendered,
    volumes,
)
from tests.deploy.k8s.kustomize import Object
from tests.serving.server.tensorflow_serving_flags import flag_name


@pytest.fixture(params=DEPLOYED)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of one overlay."""
    return rendered(request.param)


def test_selectors_find_the_pods_and_ports_have_their_names(objects: list[Object]) -> None:
    template = pod(objects)
    labels, ports = template["metadata"]["labels"], {port["name"] for port in container(objects)["ports"]}
    selectors = [named(objects, "Deployment")["tagline"]["spec"]["selector"]["matchLabels"]]
    selectors += [item["spec"]["selector"] for item in named(objects, "Service").values()]
    selectors += [
        item["spec"]["selector"]["matchLabels"] for item in named(objects, "PodDisruptionBudget").values()
    ]
    selectors += [
        item["spec"]["podSelector"]["matchLabels"] for item in named(objects, "NetworkPolicy").values()
    ]
    selectors += [
        rule["labelSelector"]["matchLabels"] for rule in template["spec"]["topologySpreadConstraints"]
    ]
    assert len(selectors) == 7
    for selector in selectors:
        assert selector.items() <= labels.items()
    for service in named(objects, "Service").values():
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for policy in named(objects, "NetworkPolicy").values():
        assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} <= ports


def test_grpc_has_no_address_of_its_own_and_rest_has(objects: list[Object]) -> None:
    services = named(objects, "Service")
    assert services["tagline-grpc"]["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in services["tagline-rest"]["spec"]


def test_the_service_monitor_finds_the_rest_service() -> None:
    monitored = {name for name in ALL if named(rendered(name), "ServiceMonitor")}
    assert monitored == {"sample"} | {name for name, overlay in WRITTEN.items() if overlay.monitoring}
    for objects in map(rendered, monitored):
        (monitor,) = named(objects, "ServiceMonitor").values()
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = named(objects, "Service")
        found = [
            name for name, service in services.items() if wanted <= service["metadata"]["labels"].items()
        ]
        assert found == ["tagline-rest"]
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in services["tagline-rest"]["spec"]["ports"]}
        configured = named(objects, "ConfigMap")[volumes(objects)["server-config"]["configMap"]["name"]]
        assert f'path: "{endpoint["path"]}"' in configured["data"]["monitoring.config"]


def test_probes_ask_ports_that_are_there_for_the_model_that_is_served(objects: list[Object]) -> None:
    asked = {name: container(objects)[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    ports = {port["name"]: port["containerPort"] for port in container(objects)["ports"]}
    (model,) = re.findall(
        r'\bname: "(.+)"', named(objects, "ConfigMap")["tagline-models-config"]["data"]["models.config"]
    )
    for name in ("startupProbe", "readinessProbe"):
        assert asked[name]["httpGet"] == {"path": f"/v1/models/{model}/metadata", "port": "rest"}
    alive = asked["livenessProbe"]
    with_tls = any(flag_name(argument) == "ssl_config_file" for argument in container(objects)["args"])
    if with_tls:
        assert alive["tcpSocket"]["port"] in ports
    else:
        assert alive["grpc"] == {"port": ports["grpc"], "service": "PredictionService"}


def test_what_is_mounted_is_there_and_what_is_there_is_mounted(objects: list[Object]) -> None:
    mounts = {mount["name"]: mount for mount in container(objects)["volumeMounts"]}
    assert len(mounts) == len(container(objects)["volumeMounts"])
    assert mounts.keys() == volumes(objects).keys()
    for name, volume in volumes(objects).items():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in named(objects, "ConfigMap")
        elif "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in named(objects, "PersistentVolumeClaim")
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
            keys = named(objects, "ConfigMap")[volume["configMap"]["name"]]["data"]
        else:
            keys = SECRETS.get(volume.get("secret", {}).get("secretName"), [])
        files |= {f"{mount['mountPath']}/{key}" for key in keys}
    named_files = {
        argument.partition("=")[2] for argument in container(objects)["args"] if "_file=" in argument
    }
    named_files |= {entry["value"] for entry in container(objects).get("env", [])}
    assert named_files == files


def test_ports_are_those_of_the_flags(objects: list[Object]) -> None:
    flags = dict(argument[2:].split("=", 1) for argument in container(objects)["args"])
    ports = {port["name"]: str(port["containerPort"]) for port in container(objects)["ports"]}
    assert ports == {"grpc": flags["port"], "rest": flags["rest_api_port"]}
