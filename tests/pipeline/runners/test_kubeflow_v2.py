"""Pipeline specs, for Kubeflow and for Vertex AI; whether kfp reads them: tests/engines/kubernetes/test_specs.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipeline.runners import kubeflow_v2
from pipeline.runners.v2_step import on_disk
from pipeline.settings import SettingsError
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import (
    NODES,
    SECRET,
    SPECS,
    settings,
    spec_of_vertex,
)


@pytest.mark.parametrize("target", SPECS)
def test_the_spec_is_one_of_kfps_own_format(target: str) -> None:
    compiled_spec = SPECS[target]()
    spec = json_format.Parse(json.dumps(compiled_spec), pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(compiled_spec["deploymentSpec"], deployment)
    assert spec.schema_version == "2.1.0"
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,127}", spec.pipeline_info.name)
    assert set(spec.root.dag.tasks) == NODES
    # All of them containers: open-source back ends have no other executors.
    assert {executor.WhichOneof("spec") for executor in deployment.executors.values()} == {"container"}
    for executor in deployment.executors.values():
        assert not executor.container.HasField("lifecycle")


@pytest.mark.parametrize("target", SPECS)
def test_every_input_comes_from_an_upstream_task(target: str) -> None:
    spec = SPECS[target]()
    tasks = spec["root"]["dag"]["tasks"]
    for name, task in tasks.items():
        assert set(task.get("dependentTasks", [])) <= tasks.keys()
        for given in task.get("inputs", {}).get("artifacts", {}).values():
            made = given["taskOutputArtifact"]
            assert made["producerTask"] in task["dependentTasks"], name
            component = spec["components"][made["producerTask"]]
            assert made["outputArtifactKey"] in component["outputDefinitions"]["artifacts"]


@pytest.mark.parametrize("target", SPECS)
def test_a_specs_cache_node_by_node(target: str) -> None:
    tasks = SPECS[target]()["root"]["dag"]["tasks"]
    on = {name for name, task in tasks.items() if task["cachingOptions"].get("enableCache")}
    never = {"AtomicPusher", "Report", "Baseline", "BlessedStatistics", "CorpusGen", "Transform"}
    assert on == NODES - never


def test_a_corpus_that_never_changes_can_be_cached() -> None:
    tasks = kubeflow_v2.spec(settings("kubeflow.components.CorpusGen.cache=true"))["root"]
    assert tasks["dag"]["tasks"]["CorpusGen"]["cachingOptions"] == {"enableCache": True}


def test_a_pipeline_without_cache_has_none_anywhere() -> None:
    tasks = kubeflow_v2.spec(settings("pipeline.cache=false"))["root"]["dag"]["tasks"]
    assert not [name for name, task in tasks.items() if task["cachingOptions"]]


def test_models_are_pushed_where_the_baseline_is_looked_up() -> None:
    tasks = compiled.spec()["root"]["dag"]["tasks"]
    places = {
        name: task["inputs"]["parameters"]["destination"]["runtimeValue"]["constant"]
        for name, task in tasks.items()
        if "destination" in task["inputs"].get("parameters", {})
    }
    assert places.keys() == {"AtomicPusher", "Baseline", "BlessedStatistics"}
    assert set(places.values()) == {"/tagline/serving_models/Sample_1"}


def test_yaml_holds_the_spec_and_the_platform_spec(tmp_path: Path) -> None:
    kubeflow_v2.write_spec(settings(SECRET), tmp_path / "pipeline.yaml")
    spec, pods = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text(encoding="utf-8"))
    assert spec == compiled.spec()
    assert pods == compiled.pods()
    executors = pods["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors.keys() == spec["deploymentSpec"]["executors"].keys()
    assert [name for name, one in executors.items() if "nodeSelector" in one] == ["Trainer_executor"]


@pytest.mark.parametrize("name", ["pipeline.yaml", "pipeline.json"])
def test_kubeflow_recognises_the_file(name: str, tmp_path: Path) -> None:
    """Its server takes a document for a spec that has a spec's fields alone, a name and a root."""
    kubeflow_v2.write_spec(settings(SECRET), tmp_path / name)
    kubeflow_v2.write_job(settings(*compiled.BUCKETS), tmp_path / "job.json")

    def recognised(document: Any) -> bool:
        try:
            spec = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
        except json_format.ParseError:
            return False
        return bool(spec.pipeline_info.name and spec.HasField("root"))

    first, *others = yaml.safe_load_all((tmp_path / name).read_text(encoding="utf-8"))
    assert recognised(first)
    assert not any(map(recognised, others))
    assert not recognised(json.loads((tmp_path / "job.json").read_text(encoding="utf-8")))


def test_vertex_takes_a_job(tmp_path: Path) -> None:
    kubeflow_v2.write_job(settings(*compiled.BUCKETS), tmp_path / "job.json")
    text = (tmp_path / "job.json").read_text(encoding="utf-8")
    assert json_format.Parse(text, pipeline_spec_pb2.PipelineJob()).display_name
    assert json.loads(text) == compiled.vertex()


@pytest.mark.parametrize(
    ("root", "artifacts", "checkpoints"),
    [
        ("runs", "minio://mlpipeline/v2/artifacts", "/tagline/runs/Sample_1/checkpoints"),
        ("gs://b/x", "gs://b/x/Sample_1/artifacts", "gs://b/x/Sample_1/checkpoints"),
        ("s3://b/x", "s3://b/x/Sample_1/artifacts", "/tagline/runs/Sample_1/checkpoints"),
        ("minio://b/x", "minio://b/x/Sample_1/artifacts", "/tagline/runs/Sample_1/checkpoints"),
    ],
)
def test_artifacts_lie_in_a_bucket_and_checkpoints_where_tensorflow_writes(
    root: str, artifacts: str, checkpoints: str
) -> None:
    spec = kubeflow_v2.spec(settings(f"pipeline.root={root}", "tuning.enabled=true"))
    assert spec["defaultPipelineRoot"] == artifacts
    tasks = spec["root"]["dag"]["tasks"]
    for name, key, place in (
        ("Trainer", "checkpoint_root", checkpoints),
        ("Tuner", "root", checkpoints.replace("checkpoints", "tuning")),
    ):
        config = tasks[name]["inputs"]["parameters"]["custom_config"]["runtimeValue"]["constant"]
        assert json.loads(config)[key] == place


def test_checkpoints_need_a_volume_where_tensorflow_cannot_write() -> None:
    buckets = ("data=gs://b/c", "serving.models=gs://b/m", "kubeflow.pvc=[]")
    with pytest.raises(SettingsError, match=r"pipeline\.root: found s3://b/x, where TensorFlow cannot write"):
        kubeflow_v2.spec(settings(*buckets, "pipeline.root=s3://b/x"))
    kubeflow_v2.spec(settings(*buckets, "pipeline.root=gs://b/x"))


def test_vertex_takes_buckets_json_and_no_secrets(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data: found sample/corpus; expected gs://BUCKET/path"):
        kubeflow_v2.job(settings())
    with pytest.raises(SettingsError, match=r"kubeflow\.secrets: found S3_ID; Vertex AI knows no Kubernetes"):
        kubeflow_v2.job(settings(SECRET, *compiled.BUCKETS))
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.json"):
        kubeflow_v2.write_job(settings(*compiled.BUCKETS), tmp_path / "x.yaml")
    assert on_disk(compiled.vertex()["runtimeConfig"]["gcsOutputDirectory"]).startswith("/gcs/b/runs/")


def test_steps_that_are_never_cached_get_the_run_id() -> None:
    for spec in (compiled.spec(), spec_of_vertex()):
        run_ids = {}
        for name, task in spec["root"]["dag"]["tasks"].items():
            given = task["inputs"].get("parameters", {}).get("pipeline_run_id")
            declared = spec["components"][name].get("inputDefinitions", {}).get("parameters", {})
            assert ("pipeline_run_id" in declared) == (given is not None)
            if given:
                run_ids[name] = given["runtimeValue"]["constant"]
                assert task["cachingOptions"] == {}
        assert run_ids == dict.fromkeys(("AtomicPusher", "Report"), "{{$.pipeline_job_uuid}}")
