"""Compiles a pipeline for open-source Kubeflow: Argo YAML."""

from __future__ import annotations

from pathlib import Path

from tfx.orchestration.kubeflow import kubeflow_dag_runner

from pipeline.factory import create_pipeline
from pipeline.settings import Settings


def write_argo(settings: Settings, output: Path) -> None:
    """An Argo workflow; metadata go to the cluster's own MLMD service."""
    config = kubeflow_dag_runner.KubeflowDagRunnerConfig(
        kubeflow_metadata_config=kubeflow_dag_runner.get_default_kubeflow_metadata_config(),
        tfx_image=settings.kubeflow.image,
    )
    runner = kubeflow_dag_runner.KubeflowDagRunner(
        config=config, output_dir=str(output.parent), output_filename=output.name
    )
    runner.run(create_pipeline(settings))
