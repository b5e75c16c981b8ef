"""What holds for every compiled target, and what a person has read of each: the files in `golden`.

`python -m tests.pipeline.runners.golden` writes those anew; read the difference before it is kept.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipeline.runners import kubeflow, kubeflow_v2, targets
from pipeline.runners.v2_step import on_disk
from pipeline.settings import SettingsError
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import (
    NODES,
    SECRET,
    argument,
    containers,
    every_text,
    readable,
    settings,
)

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).with_name("golden")
TARGETS = {
    "kubeflow.yaml": compiled.argo,
    "kubeflow_v2.yaml": compiled.spec,
    "kubeflow_v2_pods.yaml": compiled.pods,
    "vertex.yaml": compiled.vertex,
}


def spec_of_vertex() -> dict[str, Any]:
    spec: dict[str, Any] = compiled.vertex()["pipelineSpec"]
    return spec


SPECS = {"kubeflow-v2": compiled.spec, "vertex": spec_of_vertex}


def golden_text(name: str) -> str:
    return yaml.safe_dump(readable(TARGETS[name]()), sort_keys=True, width=120)


@pytest.mark.parametrize("name", TARGETS)
def test_compiled_pipelines_equal_the_golden_files(name: str) -> None:
    assert golden_text(name) == (GOLDEN / name).read_text(encoding="utf-8"), (
        "read the difference; then python -m tests.pipeline.runners.golden"
    )


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_of_this_machine_and_of_this_moment(name: str) -> None:
    texts = every_text(TARGETS[name]())
    for unwanted in (str(ROOT), str(Path.home()) + "/", sys.prefix, "/tmp/tmp"):
        assert not [text for text in texts if unwanted in text]
    # A date, a uuid.
    for form in (r"20\d\d-\d\d-\d\d", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"):
        assert not [text for text in texts if re.search(form, text)]


@pytest.mark.slow
def test_another_process_compiles_the_same_text(tmp_path: Path) -> None:
    kubeflow.write_argo(settings(SECRET), tmp_path / "here.yaml")
    kubeflow_v2.write_spec(settings(SECRET), tmp_path / "here.json")
    program = f"""
from pathlib import Path
from tests.pipeline.runners.compiled import SECRET, settings
from pipeline.runners import kubeflow, kubeflow_v2
kubeflow.write_argo(settings(SECRET), Path({str(tmp_path)!r}, "there.yaml"))
kubeflow_v2.write_spec(settings(SECRET), Path({str(tmp_path)!r}, "there.json"))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, cwd=ROOT, capture_output=True)
    for kind in ("yaml", "json"):
        here, there = (
            # The hashes of the code aside, which somebody may be changing.
            re.sub(r"\b[0-9a-f]{16}\b", "(code)", (tmp_path / f"{where}.{kind}").read_text(encoding="utf-8"))
            for where in ("here", "there")
        )
        assert here == there


# Argo; whether it takes the workflow, it says itself: tests/engines/kubernetes/test_argo.py.


def test_the_workflows_graph_is_the_pipelines() -> None:
    workflow = compiled.argo()
    (dag,) = [template["dag"] for template in workflow["spec"]["templates"] if "dag" in template]
    after = {task["name"]: set(task.get("dependencies", [])) for task in dag["tasks"]}
    assert after.keys() == {node.lower() for node in NODES}
    for node, template in containers(workflow).items():
        (ir,) = json.loads(argument(template, "--tfx_ir"))["nodes"]
        assert after[node.lower()] == {name.lower() for name in ir["pipelineNode"].get("upstreamNodes", [])}


def test_a_workflows_cache_node_by_node() -> None:
    on = set()
    for node, template in containers(compiled.argo()).items():
        assert template["metadata"]["labels"]["pipelines.kubeflow.org/enable_caching"] == "false"
        (ir,) = json.loads(argument(template, "--tfx_ir"))["nodes"]
        options = ir["pipelineNode"]["executionOptions"]["cachingOptions"]
        on |= {node} if options.get("enableCache") else set()
    assert on == NODES - {"AtomicPusher", "Report", "Transform"}


def test_the_gpu_is_the_trainers_alone() -> None:
    limits = {
        node: template["container"].get("resources", {}).get("limits", {})
        for node, template in containers(compiled.argo()).items()
    }
    assert limits["Trainer"] == {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}
    assert [node for node, limit in limits.items() if "nvidia.com/gpu" in limit] == ["Trainer"]
    for target in SPECS.values():
        executors = target()["deploymentSpec"]["executors"]
        with_gpu = [
            name for name, one in executors.items() if "accelerator" in one["container"].get("resources", {})
        ]
        assert with_gpu == ["Trainer_executor"]


def test_secrets_are_referenced_by_name_alone() -> None:
    for template in containers(compiled.argo()).values():
        (variable,) = [one for one in template["container"]["env"] if one["name"] == "S3_ID"]
        assert variable["valueFrom"] == {"secretKeyRef": {"name": "s3", "key": "id"}}
        names = [one["name"] for one in template["container"]["env"]]
        assert len(names) == len(set(names))


def test_metadata_by_address_or_by_the_clusters_own_map() -> None:
    def metadata_of(workflow: dict[str, Any]) -> Any:
        return json.loads(argument(containers(workflow)["Trainer"], "--kubeflow_metadata_config"))[
            "grpc_config"
        ]

    assert metadata_of(compiled.argo())["grpc_service_host"] == {
        "environment_variable": "METADATA_GRPC_SERVICE_HOST"
    }
    workflow = kubeflow.workflow(settings("kubeflow.metadata={host: mlmd.ml, port: 9090}"))
    assert metadata_of(workflow) == {
        "grpc_service_host": {"value": "mlmd.ml"},
        "grpc_service_port": {"value": "9090"},
    }
    assert "envFrom" not in containers(workflow)["Trainer"]["container"]


# Pipeline specs.


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


def test_what_json_cannot_hold_is_told() -> None:
    given = settings(SECRET)

    def told(name: str) -> list[str]:
        notes = targets.remarks(given, target="kubeflow-v2", output=Path("build", name))
        return [note for note in notes if "the spec alone" in note]

    assert told("x.yaml") == []
    assert "trainer.workers is 2: they are processes of the Trainer's step" in "".join(
        targets.remarks(settings("trainer.workers=2"), target="kubeflow-v2", output=Path("x.yaml"))
    )
    (note,) = told("x.json")
    assert note == (
        "x.json has the spec alone, without kubeflow.pvc, kubeflow.secrets, kubeflow.components.Trainer.gpu_type, "
        "kubeflow.components.Trainer.node_selector, kubeflow.components.Trainer.tolerations, "
        "kubeflow.components.Trainer.timeout: enough for `tagline execute`; for a cluster write x.yaml, whose second "
        "document has them"
    )


def test_vertex_takes_buckets_json_and_no_secrets(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data: found sample/corpus; expected gs://BUCKET/path"):
        kubeflow_v2.job(settings())
    with pytest.raises(SettingsError, match=r"kubeflow\.secrets: found S3_ID; Vertex AI knows no Kubernetes"):
        kubeflow_v2.job(settings(SECRET, *compiled.BUCKETS))
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.json"):
        kubeflow_v2.write_job(settings(*compiled.BUCKETS), tmp_path / "x.yaml")
    assert on_disk(compiled.vertex()["runtimeConfig"]["gcsOutputDirectory"]).startswith("/gcs/b/runs/")


@pytest.mark.parametrize("compile_", [kubeflow.workflow, kubeflow_v2.spec])
def test_settings_of_no_component_are_refused(compile_: Any) -> None:
    with pytest.raises(SettingsError, match=r"kubeflow\.components\.Evalutor: .*did you mean Evaluator\?"):
        compile_(settings("kubeflow.components.Evalutor.memory=1Gi"))
    with pytest.raises(SettingsError, match=r"AtomicPusher depends on what is served now"):
        compile_(settings("kubeflow.components.AtomicPusher.cache=true"))


def test_a_local_file_is_out_of_reach_of_a_cluster() -> None:
    for key in ("trainer.vectors", "schema"):
        given = f"{key}=/home/me/file.txt"
        with pytest.raises(SettingsError, match=rf"{key}: found /home/me/file.txt; expected a relative path"):
            kubeflow.workflow(settings(given))
        with pytest.raises(SettingsError, match=rf"{key}: found /home/me/file.txt; expected a relative path"):
            kubeflow_v2.spec(settings(given))
        with pytest.raises(
            SettingsError, match=rf"{key}: found /home/me/file.txt; expected gs://BUCKET/path"
        ):
            kubeflow_v2.job(settings(given, *compiled.BUCKETS))


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


def test_a_warm_start_finds_its_model_in_each_target() -> None:
    spec = kubeflow_v2.spec(settings("trainer.warm_start=true"))
    tasks = spec["root"]["dag"]["tasks"]
    taken = tasks["Trainer"]["inputs"]["artifacts"]["base_model"]["taskOutputArtifact"]
    assert (taken["producerTask"], taken["outputArtifactKey"]) == ("BaseModel", "model")
    assert tasks["BaseModel"]["cachingOptions"] == {}
    # What is looked for is what the manifest will say.
    looked, pushed = (
        tasks[name]["inputs"]["parameters"]["training"]["runtimeValue"]["constant"]
        for name in ("BaseModel", "AtomicPusher")
    )
    assert re.fullmatch(r"[0-9a-f]{64}", looked)
    assert looked == pushed
    assert "basemodel" in {
        template["name"]
        for template in kubeflow.workflow(settings("trainer.warm_start=true"))["spec"]["templates"]
    }
