"""`kubectl apply -k deploy/k8s`: the pipeline and the server in one namespace, compared with the settings."""

from __future__ import annotations

import os
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from pipeline.runners.pod_security import USER
from pipeline.runners.volumes import on_volumes, volume_of
from pipeline.settings import load
from pipeline.settings.kubeflow import Kubeflow
from tests.deploy.k8s.k8s_objects import (
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
from tests.deploy.k8s.kustomize import Object, render

SAMPLE = load(config=ROOT / "configs/sample.yaml")


@pytest.fixture
def objects() -> list[Object]:
    return rendered("cluster")


def test_the_pipeline_pushes_to_where_the_server_reads(objects: list[Object]) -> None:
    pushed = volume_of(on_volumes(SAMPLE).models_place, SAMPLE.kubeflow.pvc)
    assert pushed is not None
    volume, folder = pushed
    assert volume.claim == volumes(objects)["models"]["persistentVolumeClaim"]["claimName"]
    # The claim's place in the container, and below it the folder that the server's configuration names.
    (mount,) = [mount for mount in container(objects)["volumeMounts"] if mount["name"] == "models"]
    served = Path(mount["mountPath"], mount.get("subPath", ""), folder)
    config = by_name(objects, "ConfigMap")["tagline-models-config"]["data"]["models.config"]
    assert f'base_path: "{served}"' in config
    assert f'name: "{SAMPLE.name}"' in config


def test_the_objects_have_the_names_of_the_settings(objects: list[Object]) -> None:
    defaults = Kubeflow()
    claims = by_name(objects, "PersistentVolumeClaim")
    assert {volume.claim for volume in defaults.pvc} == set(claims)
    assert defaults.service_account in by_name(objects, "ServiceAccount")
    assert {item["metadata"]["namespace"] for item in objects} == {defaults.namespace}
    for claim in claims.values():
        assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_pipelines_rights_are_few_and_its_own(objects: list[Object]) -> None:
    (role,) = by_name(objects, "Role").values()
    assert not by_name(objects, "ClusterRole")
    for rule in role["rules"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not set(rule["resources"]) & {"serviceaccounts", "pods/exec"}
    # Of what may hold secrets, the two objects alone that Kubeflow's driver and launcher read.
    read = {"configmaps": ["kfp-launcher"], "secrets": ["mlpipeline-minio-artifact"]}
    guarded = [rule for rule in role["rules"] if set(rule["resources"]) & read.keys()]
    assert guarded == [
        {"apiGroups": [""], "resources": [kind], "resourceNames": names, "verbs": ["get"]}
        for kind, names in read.items()
    ]
    (binding,) = by_name(objects, "RoleBinding").values()
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("Role", "tagline-pipeline")
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "tagline-pipeline", "namespace": "kubeflow"}
    ]


def test_several_workers_need_the_right_to_create_their_job(tmp_path: Path) -> None:
    pipeline, training = (
        os.path.relpath(K8S / name, tmp_path) for name in ("pipeline", "components/training")
    )
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{pipeline}]\ncomponents: [{training}]\n")
    (role,) = by_name(render(tmp_path), "Role").values()
    kubernetes_validate.validate(role, KUBERNETES[0], strict=True)
    verbs = ["create", "get", "delete"]
    assert role["rules"][-2:] == [
        {"apiGroups": ["kubeflow.org"], "resources": ["tfjobs"], "verbs": verbs},
        {
            "apiGroups": ["trainer.kubeflow.org"],
            "resources": ["trainingruntimes", "trainjobs"],
            "verbs": verbs,
        },
    ]


def test_the_corpus_is_copied_to_where_steps_read(objects: list[Object]) -> None:
    upload = yaml.safe_load(UPLOADS[0].read_text(encoding="utf-8"))
    mounts = {mount["name"]: mount["mountPath"] for mount in upload["spec"]["containers"][0]["volumeMounts"]}
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in upload["spec"]["volumes"]
    }
    seen = {claims[name]: mount for name, mount in mounts.items()}
    assert seen == {volume.claim: volume.mount for volume in SAMPLE.kubeflow.pvc}
    assert upload["metadata"]["namespace"] == SAMPLE.kubeflow.namespace
    assert set(values_of("runAsUser", [upload, *objects])) == {65532}


def test_steps_have_the_servers_user(objects: list[Object]) -> None:
    assert pod(objects)["spec"]["securityContext"]["runAsUser"] == USER
