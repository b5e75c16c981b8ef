"""Compiles a pipeline for back ends that take a pipeline spec 2.1: Kubeflow's second one, and Vertex AI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.orchestration import data_types
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

from pipeline.execution.parameters import RUN_ID
from pipeline.factory import create_pipeline
from pipeline.runners import platform
from pipeline.runners.quantities import cores, gigabytes
from pipeline.runners.steps import cached, steps_of
from pipeline.runners.v2_step import RUN_PARAMETER
from pipeline.runners.volumes import artifacts_root, on_volumes, require_readable, with_local_checkpoints
from pipeline.settings import Settings, SettingsError
from pipeline.settings.kubeflow import Step
from pipeline.stages.deployment import UNCACHED
from pipeline.stages.earlier_runs import BASE_MODEL, BASELINE, BLESSED_STATISTICS

# Converts a back end's arguments, then runs TFX's own entry point.
COMMAND = ("python", "-m", "pipeline.runners.v2_step")
# The default accelerator, which Vertex has in every region.
_VERTEX_GPU = "NVIDIA_TESLA_T4"
# Resolvers of earlier runs, whose result changes with inputs unchanged.
_NEVER_CACHED = (*UNCACHED, BASELINE, BASE_MODEL, BLESSED_STATISTICS)
# These back ends run no driver of CorpusGen, which would notice changed files: cached only where the settings say so.
_READS_FILES = "CorpusGen"


def spec(settings: Settings) -> dict[str, Any]:
    """Compile the pipeline spec for Kubeflow, in protobuf's JSON form; the same for the same settings and code.

    Kubeflow takes a spec, not the job that TFX compiles: a job also has runtime values, which a run gets elsewhere.

    Raises:
        SettingsError: a path that steps cannot reach, or settings of an unknown component.
    """
    settings = on_volumes(settings)
    require_readable(settings)
    compiled: dict[str, Any] = _job(with_local_checkpoints(settings), vertex=False)["pipelineSpec"]
    compiled["defaultPipelineRoot"] = artifacts_root(settings)
    return compiled


def job(settings: Settings) -> dict[str, Any]:
    """Compile the pipeline job for Vertex AI: a spec, and the folder of its artifacts.

    Raises:
        SettingsError: as `spec`.
    """
    return _job(_on_vertex(settings), vertex=True)


def write_spec(settings: Settings, output: Path) -> None:
    """Write the spec for Kubeflow: as YAML with the platform spec as its second document, as JSON alone.

    Raises:
        SettingsError: as `spec`.
    """
    compiled = spec(settings)
    if output.suffix not in platform.YAML:
        _write_json(compiled, output)
        return
    names = [name.removesuffix("_executor") for name in compiled["deploymentSpec"]["executors"]]
    documents = [compiled]
    if config := platform.kubernetes(settings.kubeflow, steps_of(settings.kubeflow, names)):
        documents.append(config)
    output.write_text(yaml.safe_dump_all(documents, sort_keys=True, width=1 << 20), encoding="utf-8")


def write_job(settings: Settings, output: Path) -> None:
    """Write the job for Vertex AI, as JSON.

    Raises:
        SettingsError: as `job`; or a name of YAML, which Vertex AI does not take.
    """
    if output.suffix in platform.YAML:
        raise SettingsError(
            f"--output: found {output}; expected a name that ends in .json, which Vertex takes"
        )
    _write_json(job(settings), output)


def _write_json(compiled: dict[str, Any], output: Path) -> None:
    output.write_text(json.dumps(compiled, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _job(settings: Settings, *, vertex: bool) -> dict[str, Any]:
    pipeline = create_pipeline(settings, earlier="pushed")
    pipeline.metadata_connection_config = None  # the cluster has its own
    _name(pipeline, settings.name)
    steps = steps_of(settings.kubeflow, [node.id for node in pipeline.components])
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(
        default_image=settings.kubeflow.image, default_commands=list(COMMAND), use_pipeline_spec_2_1=True
    )
    runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config=config)
    compiled: dict[str, Any] = runner.run(pipeline, write_out=False)
    spec = compiled["pipelineSpec"]
    for name, step in steps.items():
        _executor(
            spec["deploymentSpec"]["executors"][f"{name}_executor"]["container"], settings, step, vertex
        )
        _task(spec["root"]["dag"]["tasks"][name], name, step, default=settings.pipeline.cache)
    for name in UNCACHED:
        _add_run_id(spec, name)
    # Fails on a field that the format does not have.
    json_format.ParseDict(compiled, pipeline_spec_pb2.PipelineJob())
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    return compiled


def _on_vertex(settings: Settings) -> Settings:
    for key, path in settings.places.items():
        if not path.startswith("gs://"):
            raise SettingsError(
                f"{key}: found {path}; expected gs://BUCKET/path: Vertex AI mounts buckets, and no volumes"
            )
    if settings.kubeflow.secrets:
        raise SettingsError(
            f"kubeflow.secrets: found {', '.join(sorted(settings.kubeflow.secrets))}; Vertex AI knows no Kubernetes "
            "secrets: give the job's service account the rights instead, and take them out"
        )
    return settings


def _name(pipeline: tfx_pipeline.Pipeline, name: str) -> None:
    """Rename the pipeline: these back ends take small letters, digits and hyphens alone."""
    pipeline.pipeline_info = data_types.PipelineInfo(
        pipeline_name=name.lower().replace("_", "-"), pipeline_root=pipeline.pipeline_info.pipeline_root
    )


def _executor(container: dict[str, Any], settings: Settings, step: Step, vertex: bool) -> None:
    # A driver before the cache lookup, which open-source back ends do not run.
    container.pop("lifecycle", None)
    container["image"] = step.image or settings.kubeflow.image
    resources: dict[str, Any] = {}
    if step.cpu:
        resources["cpuLimit"] = cores(step.cpu)
    if step.memory:
        resources["memoryLimit"] = gigabytes(step.memory)
    if step.gpus:
        kind = (step.gpu_type or _VERTEX_GPU) if vertex else step.gpu_resource
        resources["accelerator"] = {"type": kind, "count": str(step.gpus)}
    if resources:
        container["resources"] = resources
    if settings.kubeflow.env:
        container["env"] = [
            {"name": name, "value": value} for name, value in sorted(settings.kubeflow.env.items())
        ]


def _add_run_id(spec: dict[str, Any], name: str) -> None:
    """Add the run's id as an input parameter, which TFX's entry point does not get otherwise.

    It differs in every run, so such a step is never answered from a cache.
    """
    task = spec["root"]["dag"]["tasks"][name]
    component = spec["components"][task["componentRef"]["name"]]
    component.setdefault("inputDefinitions", {}).setdefault("parameters", {})[RUN_PARAMETER] = {
        "parameterType": "STRING"
    }
    task["inputs"].setdefault("parameters", {})[RUN_PARAMETER] = {"runtimeValue": {"constant": RUN_ID}}


def _task(task: dict[str, Any], name: str, step: Step, *, default: bool) -> None:
    hit = cached(name, step, default=default and name != _READS_FILES, never=_NEVER_CACHED)
    task["cachingOptions"] = {"enableCache": True} if hit else {}
    if step.retries:
        task["retryPolicy"] = {"maxRetryCount": step.retries, "backoffDuration": "30s", "backoffFactor": 2.0}
