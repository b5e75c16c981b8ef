"""Every object is valid for Kubernetes, every manifest is used, and images and flags are TensorFlow Serving's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.deploy.k8s.k8s_objects import (
    ALL,
    K8S,
    KUBERNETES,
    ROOT,
    UPLOADS,
    by_name,
    container,
    pod,
    rendered,
    values_of,
    volumes,
)
from tests.deploy.k8s.kustomize import Object
from tests.serving.server.tensorflow_serving_flags import FLAGS, flag_name

SCHEMAS = Path(__file__).with_name("schemas")
# Of resources that Kubernetes does not define; reduced to the fields used, and closed.
CUSTOM = {
    kind: json.loads((SCHEMAS / file).read_text(encoding="utf-8"))
    for kind, file in (
        ("ServiceMonitor", "service_monitor_v1.json"),
        ("InferenceService", "inference_service_v1beta1.json"),
    )
}


@pytest.fixture(params=ALL)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of one kustomization."""
    return rendered(request.param)


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_every_object(objects: list[Object], version: str) -> None:
    for item in objects:
        if item["kind"] in CUSTOM:
            jsonschema.validate(item, CUSTOM[item["kind"]])
        else:
            kubernetes_validate.validate(item, version, strict=True)


def test_every_manifest_belongs_to_a_kustomization() -> None:
    used = set(UPLOADS)
    for file in K8S.rglob("kustomization.yaml"):
        resources = yaml.safe_load(file.read_text(encoding="utf-8")).get("resources", [])
        used |= {(file.parent / name).resolve() for name in resources}
    manifests = {path for path in K8S.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert manifests == {path for path in used if path.is_file()}


def test_every_flag_is_one_of_tensorflow_serving(objects: list[Object]) -> None:
    for arguments in values_of("args", objects):
        names = [flag_name(argument) for argument in arguments]
        assert set(names) <= FLAGS
        assert len(names) == len(set(names))


def test_images_have_the_version_whose_stubs_are_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"^tensorflow-serving-api==(\S+)", lock, flags=re.MULTILINE)
    objects = [item for name in ALL for item in rendered(name)]
    assert set(values_of("image", objects)) == {f"docker.io/tensorflow/serving:{version}"}
    assert set(values_of("runtimeVersion", objects)) == {version}


def test_kserve_serves_the_sample_under_its_name() -> None:
    objects = rendered("kserve")
    (service,) = by_name(objects, "InferenceService").values()
    # A plain deployment, by the name that KServe has for it from 0.16 on.
    assert service["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Standard"}
    predictor = service["spec"]["predictor"]
    claim, _, folder = predictor["model"]["storageUri"].removeprefix("pvc://").partition("/")
    assert claim in by_name(objects, "PersistentVolumeClaim")
    assert folder == service["metadata"]["name"]
    assert predictor["model"]["readinessProbe"]["httpGet"]["path"] == f"/v1/models/{folder}/metadata"
    assert predictor["minReplicas"] <= predictor["maxReplicas"]


@pytest.mark.parametrize("file", UPLOADS, ids=lambda path: path.parent.name)
def test_a_pod_for_copying_is_as_restricted_as_the_server(file: Path) -> None:
    upload = yaml.safe_load(file.read_text(encoding="utf-8"))
    for version in KUBERNETES:
        kubernetes_validate.validate(upload, version, strict=True)
    (copying,) = upload["spec"]["containers"]
    serving = container(rendered("plain"))
    assert copying["image"] == serving["image"]
    assert copying["securityContext"] == serving["securityContext"]
    restrictions = pod(rendered("plain"))["spec"]["securityContext"]
    assert restrictions.items() <= upload["spec"]["securityContext"].items()


def test_a_model_is_copied_to_where_the_server_reads() -> None:
    upload = yaml.safe_load(UPLOADS[1].read_text(encoding="utf-8"))["spec"]
    claim = volumes(rendered("plain"))["models"]["persistentVolumeClaim"]["claimName"]
    assert upload["volumes"] == [{"name": "models", "persistentVolumeClaim": {"claimName": claim}}]
    (mount,) = upload["containers"][0]["volumeMounts"]
    assert {**mount, "readOnly": True} in container(rendered("plain"))["volumeMounts"]
