"""Every object of every overlay is one that Kubernetes takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from deploy.k8s.server.overlay import MANIFESTS
from tests.deploy.k8s.k8s_objects import ALL, KUBERNETES, UPLOAD, every_value, named, pod, rendered, volumes
from tests.deploy.k8s.kustomize import NotRead, Object, render
from tests.serving.server.tensorflow_serving_flags import FLAGS, flag_name

SCHEMAS = Path(__file__).with_name("schemas")
CUSTOM = {
    kind: json.loads((SCHEMAS / file).read_text(encoding="utf-8"))
    for kind, file in (
        ("ServiceMonitor", "service_monitor_v1.json"),
        ("InferenceService", "inference_service_v1beta1.json"),
    )
}


@pytest.fixture(params=ALL)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """The objects of one overlay."""
    return rendered(request.param)


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_every_object(objects: list[Object], version: str) -> None:
    for item in objects:
        if item["kind"] in CUSTOM:
            jsonschema.validate(item, CUSTOM[item["kind"]])
        else:
            kubernetes_validate.validate(item, version, strict=True)


def test_the_reduced_schemas_are_schemas_and_refuse_what_they_do_not_know() -> None:
    for kind, schema in CUSTOM.items():
        jsonschema.Draft7Validator.check_schema(schema)
        (shipped,) = named(
            render(MANIFESTS / "kserve") + render(MANIFESTS / "overlays/sample"), kind
        ).values()
        jsonschema.validate(shipped, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**shipped, "spec": {**shipped["spec"], "replica": 1}}, schema)


def test_a_slip_would_be_seen() -> None:
    (deployment,) = named(render(MANIFESTS / "base"), "Deployment").values()
    deployment["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES[0], strict=True)


def test_every_manifest_belongs_to_something() -> None:
    used = {
        (folder / name).resolve()
        for folder in (path.parent for path in MANIFESTS.rglob("kustomization.yaml"))
        for name in yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8")).get(
            "resources", []
        )
    }
    there = {path.resolve() for path in MANIFESTS.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert there == {path for path in used if path.is_file()} | {UPLOAD}
    components = {path.parent.name for path in (MANIFESTS / "components").glob("*/kustomization.yaml")}
    assert components == {"pvc", "gcs", "monitoring", "tls"}


def test_every_flag_is_one_of_tensorflow_serving(objects: list[Object]) -> None:
    for arguments in every_value(objects, "args"):
        names = [flag_name(argument) for argument in arguments]
        assert set(names) <= FLAGS
        assert len(names) == len(set(names))


def test_images_are_pinned_to_the_version_whose_stubs_are_locked(objects: list[Object]) -> None:
    lock = (MANIFESTS.parents[2] / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^tensorflow-serving-api==(\S+)", lock, flags=re.MULTILINE)
    assert version
    images = list(every_value(objects, "image")) + [
        f"tensorflow/serving:{tag}" for tag in every_value(objects, "runtimeVersion")
    ]
    assert set(images) == {f"tensorflow/serving:{version[1]}"}


def test_the_kserve_variant_serves_the_sample_under_its_name() -> None:
    objects = render(MANIFESTS / "kserve")
    (service,) = named(objects, "InferenceService").values()
    predictor = service["spec"]["predictor"]
    claim, _, folder = predictor["model"]["storageUri"].removeprefix("pvc://").partition("/")
    assert claim in named(objects, "PersistentVolumeClaim")
    assert folder == service["metadata"]["name"]
    assert predictor["model"]["readinessProbe"]["httpGet"]["path"] == f"/v1/models/{folder}/metadata"
    assert predictor["minReplicas"] <= predictor["maxReplicas"]


def test_the_pod_for_copying_by_hand_writes_where_the_server_reads() -> None:
    upload = yaml.safe_load(UPLOAD.read_text(encoding="utf-8"))
    for version in KUBERNETES:
        kubernetes_validate.validate(upload, version, strict=True)
    served = pod(rendered("plain"))["spec"]
    (copying,) = upload["spec"]["containers"]
    (serving,) = served["containers"]
    assert copying["image"] == serving["image"]
    assert copying["securityContext"] == serving["securityContext"]
    assert served["securityContext"].items() <= upload["spec"]["securityContext"].items()
    (volume,) = upload["spec"]["volumes"]
    claim = volumes(rendered("plain"))["models"]["persistentVolumeClaim"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["claimName"]
    paths = {mount["name"]: mount["mountPath"] for mount in serving["volumeMounts"]}
    assert copying["volumeMounts"] == [{"name": "models", "mountPath": paths["models"]}]


def test_the_reader_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamePrefix: x-\n"
    (tmp_path / "kustomization.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(NotRead, match="namePrefix"):
        render(tmp_path)
