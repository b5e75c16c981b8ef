"""One pipeline compiled for every target, and what of it a person can read."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from pipeline.runners import kubeflow, kubeflow_v2, platform
from pipeline.runners.steps import steps_of
from pipeline.settings import Settings, load

# Everything a component can be given, on the one that takes all of it.
TRAINER = (
    "kubeflow.components.Trainer={cpu: '4', memory: 16Gi, gpus: 1, gpu_type: NVIDIA_L4, node_selector: {pool: gpu}, "
    "tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}], retries: 2, timeout: 7200, "
    "image: registry.example.org/tagline:gpu}"
)
SETTINGS = (
    "name=Sample_1",
    "kubeflow.image=registry.example.org/tagline:cpu",
    TRAINER,
    "kubeflow.components.Transform={memory: 4Gi, cache: false}",
    "kubeflow.env={LOG_LEVEL: info}",
)
SECRET = "kubeflow.secrets={S3_ID: {secret: s3, key: id}}"
BUCKETS = ("data=gs://b/corpus", "pipeline.root=gs://b/runs", "serving.models=gs://b/models")
NODES = {
    "CorpusGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "BlessedStatistics", "CorpusGate", "Transform",
    "Trainer", "Baseline", "Evaluator", "Predictor", "CrfsuiteBaseline", "ServingCheck", "ModelGate", "AtomicPusher",
    "Report",
}  # fmt: skip


def settings(*more: str) -> Settings:
    return load(assignments=[*SETTINGS, *more])


@cache
def argo() -> dict[str, Any]:
    """The workflow; not to be changed."""
    return kubeflow.workflow(settings(SECRET))


@cache
def spec() -> dict[str, Any]:
    """Kubeflow's second form; not to be changed."""
    return kubeflow_v2.spec(settings(SECRET))


@cache
def vertex() -> dict[str, Any]:
    """Vertex's; not to be changed."""
    return kubeflow_v2.job(settings(*BUCKETS))


def pods() -> dict[str, Any]:
    """What pods need beside Kubeflow's second form."""
    kubeflow_settings = settings(SECRET).kubeflow
    return platform.kubernetes(kubeflow_settings, steps_of(kubeflow_settings, sorted(NODES)))


def containers(workflow: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The templates of a workflow that run a container, by the node's id."""
    by_name = {
        template["name"]: template for template in workflow["spec"]["templates"] if "container" in template
    }
    return {node: by_name[node.lower()] for node in sorted(NODES)}


def argument(template: dict[str, Any], flag: str) -> str:
    """The value of one flag."""
    arguments = template["container"]["args"]
    return str(arguments[arguments.index(flag) + 1])


def readable(compiled: dict[str, Any]) -> dict[str, Any]:
    """Without what a person does not read: what TFX packs into arguments and parameters, which other tests read, the
    components' types, and what is the same in every pod of Kubeflow."""
    short = _short(copy.deepcopy(compiled))
    short.get("pipelineSpec", short).pop("components", None)
    for template in short.get("spec", {}).get("templates", []):
        for same in ("inputs", "outputs"):
            template.pop(same, None)
        if "container" in template:
            given = template["container"]["env"]
            template["container"]["env"] = [
                one for one in given if "fieldRef" not in one.get("valueFrom", {})
            ]
    return short


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        if "runtimeValue" in value:
            return {"runtimeValue": f"({', '.join(sorted(value['runtimeValue']))})"}
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    if isinstance(value, str) and (value.startswith("{") and len(value) > 40):
        return "(JSON)"
    return value


def every_text(value: Any) -> list[str]:
    """All texts within, those packed as JSON in texts too."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in [str(key), *every_text(inner)]]
    if isinstance(value, list):
        return [text for inner in value for text in every_text(inner)]
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return [value]
        return [value, *(every_text(inner) if isinstance(inner, (dict, list)) else [])]
    return []


def spec_of_vertex() -> dict[str, Any]:
    spec: dict[str, Any] = vertex()["pipelineSpec"]
    return spec


SPECS = {"kubeflow-v2": spec, "vertex": spec_of_vertex}
