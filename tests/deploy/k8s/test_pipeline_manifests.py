"""What `kubectl apply -k deploy` would send, and where the pipeline and the server meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.k8s.server.overlay import MANIFESTS
from pipeline.runners.volumes import on_volumes, volume_of
from pipeline.settings import load
from pipeline.settings.kubeflow import Kubeflow
from tests.deploy.k8s.k8s_objects import KUBERNETES, container, every_value, named, pod, volumes
from tests.deploy.k8s.kustomize import render

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
UPLOAD = DEPLOY / "upload.yaml"
SAMPLE = load(config=ROOT / "configs/sample.yaml")


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("folder", ["", "pipeline"])
def test_kubernetes_takes_every_object(folder: str, version: str) -> None:
    objects = [*render(DEPLOY / folder), *documents(UPLOAD)]
    assert len(objects) > 4
    for item in objects:
        kubernetes_validate.validate(item, version, strict=True)
        assert item["metadata"]["namespace"] == "kubeflow"


def test_every_manifest_belongs_to_something() -> None:
    used = {UPLOAD}
    for file in DEPLOY.rglob("kustomization.yaml"):
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
        used |= {(file.parent / name).resolve() for name in given.get("resources", [])}
    there = {path.resolve() for path in DEPLOY.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert there == {path for path in used if path.is_file()}


def test_the_pipeline_pushes_where_the_server_reads() -> None:
    objects = render(DEPLOY)
    held = volume_of(on_volumes(SAMPLE).models_place, SAMPLE.kubeflow.pvc)
    assert held is not None
    volume, folder = held
    # The server's claim, its place in the container, and the folder that its configuration names below it.
    claim = volumes(objects)["models"]["persistentVolumeClaim"]["claimName"]
    (mount,) = [one for one in container(objects)["volumeMounts"] if one["name"] == "models"]
    assert volume.claim == claim
    assert volume.claim in named(objects, "PersistentVolumeClaim")
    served = f"{mount['mountPath']}/{Path(mount.get('subPath', ''), folder).as_posix()}"
    (config,) = [
        one["data"]["models.config"] for name, one in named(objects, "ConfigMap").items() if "models" in name
    ]
    assert f'base_path: "{served}"' in config
    assert f'name: "{SAMPLE.name}"' in config
    for probe in ("startupProbe", "readinessProbe"):
        assert container(objects)[probe]["httpGet"]["path"] == f"/v1/models/{SAMPLE.name}/metadata"


def test_the_settings_name_what_there_is() -> None:
    objects = render(DEPLOY)
    defaults = Kubeflow()
    assert {volume.claim for volume in defaults.pvc} == set(named(objects, "PersistentVolumeClaim"))
    assert defaults.service_account in named(objects, "ServiceAccount")
    assert {item["metadata"]["namespace"] for item in objects} == {defaults.namespace}
    for claim in named(objects, "PersistentVolumeClaim").values():
        assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_pipelines_rights_are_few_and_its_own() -> None:
    objects = render(DEPLOY)
    (role,) = named(objects, "Role").values()
    assert not named(objects, "ClusterRole")
    for rule in role["rules"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not set(rule["resources"]) & {"secrets", "configmaps", "serviceaccounts", "pods/exec"}
    (binding,) = named(objects, "RoleBinding").values()
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "tagline-pipeline",
    }
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "tagline-pipeline"}]
    # The server asks Kubernetes for nothing.
    assert pod(objects)["spec"]["automountServiceAccountToken"] is False


def test_several_workers_take_one_right_more(tmp_path: Path) -> None:
    for name in ("pipeline", "components"):
        (tmp_path / name).symlink_to(DEPLOY / name)
    (tmp_path / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources: [pipeline]\ncomponents: [components/training]\n"
    )
    (role,) = named(render(tmp_path), "Role").values()
    kubernetes_validate.validate(role, KUBERNETES[0], strict=True)
    assert role["rules"][-1] == {
        "apiGroups": ["kubeflow.org"], "resources": ["tfjobs"], "verbs": ["create", "get", "delete"],
    }  # fmt: skip


def test_who_copies_the_corpus_may_write_where_steps_read() -> None:
    (upload,) = documents(UPLOAD)
    objects = render(DEPLOY)
    (copying,) = upload["spec"]["containers"]
    assert copying["securityContext"] == container(objects)["securityContext"]
    assert copying["image"] == container(objects)["image"]
    (mount,) = copying["volumeMounts"]
    (volume,) = upload["spec"]["volumes"]
    work = SAMPLE.kubeflow.pvc[0]
    assert (volume["persistentVolumeClaim"]["claimName"], mount["mountPath"]) == (work.claim, work.mount)
    users = set(every_value([upload, *render(MANIFESTS / "base")], "runAsUser"))
    assert users == {65532}


@pytest.mark.slow
def test_steps_run_as_the_server_does() -> None:
    from pipeline.runners.kubeflow import USER

    assert pod(render(DEPLOY))["spec"]["securityContext"]["runAsUser"] == USER
