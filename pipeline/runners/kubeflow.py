"""Compiles a pipeline for open-source Kubeflow: an Argo workflow, by TFX's first runner."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from kfp import dsl
from kubernetes import client as k8s
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.kubeflow import kubeflow_dag_runner
from tfx.orchestration.kubeflow.proto import kubeflow_pb2
from tfx.proto.orchestration import pipeline_pb2

from pipeline.factory import create_pipeline
from pipeline.runners.pod_security import POD_SECURITY
from pipeline.runners.steps import cached, steps_of
from pipeline.runners.volumes import on_volumes, volume_name
from pipeline.runners.workers import jobs
from pipeline.settings import Settings
from pipeline.settings.kubeflow import Kubeflow, Step

_UI_METADATA = "/tmp/mlpipeline-ui-metadata.json"
# In place of TFX's own entry point, which it runs.
_COMMAND = ["python", "-m", "pipeline.runners.v1_step"]
_STAMPS = ("pipelines.kubeflow.org/pipeline_compilation_time",)


def workflow(settings: Settings) -> dict[str, Any]:
    """Compile the Argo workflow, the same for the same settings and code; metadata go to the cluster's MLMD service.

    Raises:
        SettingsError: a path on no volume, or settings of an unknown component.
    """
    settings = on_volumes(settings)
    pipeline = create_pipeline(settings)
    pipeline.metadata_connection_config = None  # the cluster has its own
    steps = steps_of(settings.kubeflow, [node.id for node in pipeline.components])
    config = kubeflow_dag_runner.KubeflowDagRunnerConfig(
        kubeflow_metadata_config=_metadata(settings.kubeflow),
        tfx_image=settings.kubeflow.image,
        metadata_ui_path=_UI_METADATA,
        pipeline_operator_funcs=[
            *(
                []
                if settings.kubeflow.metadata
                else kubeflow_dag_runner.get_default_pipeline_operator_funcs()
            ),
            _step_operator(settings.kubeflow, steps),
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        runner = _Runner(steps, config=config, output_dir=folder, output_filename="workflow.yaml")
        runner.run(pipeline)
        compiled = yaml.safe_load(Path(folder, "workflow.yaml").read_text(encoding="utf-8"))
    for stamp in _STAMPS:
        del compiled["metadata"]["annotations"][stamp]
    for template in compiled["spec"]["templates"]:
        if "container" in template:
            # TFX and kfp both name the workflow; Kubernetes keeps the last of a name.
            container = template["container"]
            container["env"] = list({variable["name"]: variable for variable in container["env"]}.values())
            container["command"] = _COMMAND
            container["args"] = [_ordered(argument) for argument in container["args"]]
            if template["name"] == "trainer" and settings.trainer.workers > 1:
                jobs.hand_over(container, settings)
    compiled["spec"]["serviceAccountName"] = settings.kubeflow.service_account
    compiled["spec"]["securityContext"] = POD_SECURITY
    return compiled


def write_argo(settings: Settings, output: Path) -> None:
    """Write the workflow as YAML."""
    output.write_text(yaml.safe_dump(workflow(settings), sort_keys=True, width=1 << 20), encoding="utf-8")


class _Runner(kubeflow_dag_runner.KubeflowDagRunner):
    """TFX's, with the cache on or off node by node."""

    def __init__(self, steps: dict[str, Step], **options: Any) -> None:
        super().__init__(**options)
        self._steps = steps

    def _generate_tfx_ir(self, pipeline: tfx_pipeline.Pipeline) -> pipeline_pb2.Pipeline:
        compiled = super()._generate_tfx_ir(pipeline)
        for node in compiled.nodes:
            name = node.pipeline_node.node_info.id
            node.pipeline_node.execution_options.caching_options.enable_cache = cached(
                name, self._steps[name], default=pipeline.enable_cache
            )
        return compiled


def _ordered(argument: str) -> str:
    """Sort the keys of JSON: protobuf's order differs between processes."""
    if not argument.startswith("{\n"):
        return argument
    return json.dumps(json.loads(argument), sort_keys=True)


def _metadata(kubeflow: Kubeflow) -> kubeflow_pb2.KubeflowMetadataConfig:
    if kubeflow.metadata is None:
        return kubeflow_dag_runner.get_default_kubeflow_metadata_config()
    config = kubeflow_pb2.KubeflowMetadataConfig()
    config.grpc_config.grpc_service_host.value = kubeflow.metadata.host
    config.grpc_config.grpc_service_port.value = str(kubeflow.metadata.port)
    return config


def _step_operator(
    kubeflow: Kubeflow, steps: dict[str, Step]
) -> Callable[[dsl.ContainerOp], dsl.ContainerOp]:
    """Make the function that TFX applies to each step's container."""
    by_name = {name.lower(): step for name, step in steps.items()}

    def operate(op: dsl.ContainerOp) -> dsl.ContainerOp:
        step = by_name[op.name.lower()]
        # TFX has a cache of its own; Kubeflow's would compare pod templates alone.
        op.set_caching_options(False)
        container = op.container
        if step.image:
            container.image = step.image
        if step.cpu:
            container.set_cpu_request(step.cpu).set_cpu_limit(step.cpu)
        if step.memory:
            container.set_memory_request(step.memory).set_memory_limit(step.memory)
        if step.gpus:
            container.add_resource_limit(step.gpu_resource, str(step.gpus))
        for label, value in sorted(step.node_labels.items()):
            op.add_node_selector_constraint(label, value)
        for toleration in step.tolerations:
            op.add_toleration(
                k8s.V1Toleration(
                    key=toleration.key or None,
                    operator=toleration.operator,
                    value=toleration.value or None,
                    effect=toleration.effect or None,
                )
            )
        if step.retries:
            # A lost node is an error to Argo, not a failure: both are retried.
            op.set_retry(step.retries, policy="Always", backoff_duration="30s", backoff_factor=2)
        if step.timeout:
            op.set_timeout(step.timeout)
        _mount(op, kubeflow)
        _environment(container, kubeflow)
        container.set_security_context(
            k8s.V1SecurityContext(
                allow_privilege_escalation=False, capabilities=k8s.V1Capabilities(drop=["ALL"])
            )
        )
        return op

    return operate


def _mount(op: dsl.ContainerOp, kubeflow: Kubeflow) -> None:
    claims = dict.fromkeys(volume.claim for volume in kubeflow.pvc)
    for claim in claims:
        source = k8s.V1PersistentVolumeClaimVolumeSource(claim_name=claim)
        op.add_volume(k8s.V1Volume(name=volume_name(claim), persistent_volume_claim=source))
    for volume in kubeflow.pvc:
        op.container.add_volume_mount(
            k8s.V1VolumeMount(
                name=volume_name(volume.claim), mount_path=volume.mount, sub_path=volume.sub_path or None
            )
        )


def _environment(container: Any, kubeflow: Kubeflow) -> None:
    for name, value in sorted(kubeflow.env.items()):
        container.add_env_variable(k8s.V1EnvVar(name=name, value=value))
    for name, key in sorted(kubeflow.secrets.items()):
        selector = k8s.V1SecretKeySelector(name=key.secret, key=key.key)
        container.add_env_variable(
            k8s.V1EnvVar(name=name, value_from=k8s.V1EnvVarSource(secret_key_ref=selector))
        )
