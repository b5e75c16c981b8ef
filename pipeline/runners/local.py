"""Runs a pipeline in this process: Beam's DirectRunner, SQLite metadata."""

from __future__ import annotations

from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto.orchestration import pipeline_pb2

from pipeline.factory import create_pipeline
from pipeline.runs.launching import artifacts_held
from pipeline.settings import Settings
from pipeline.stages.deployment import UNCACHED


class LocalRunner(LocalDagRunner):
    """TFX's local runner, with the cache off where an answer from the cache would be wrong."""

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        for node in pipeline.nodes:
            if node.pipeline_node.node_info.id in UNCACHED:
                node.pipeline_node.execution_options.caching_options.enable_cache = False
        with artifacts_held():
            super().run_with_ir(pipeline, run_options)


def run(settings: Settings, *, force_bless: str = "") -> None:
    """Run the pipeline that `settings` describe. Relative paths in them mean this process's folder.

    `force_bless` is why to push a model that ModelGate refuses; empty to let the gates decide.
    """
    settings = settings.with_absolute_paths()
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    LocalRunner().run(create_pipeline(settings, force_bless=force_bless))
