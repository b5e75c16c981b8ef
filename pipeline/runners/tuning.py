"""Runs the search for better settings in this process: the line up to Transform, then the Tuner."""

from __future__ import annotations

import datetime

from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.tuner.trials import SearchTrial, read_search
from pipeline.factory import create_pipeline
from pipeline.runners.local import LocalRunner
from pipeline.runs.history import SEARCH_PREFIX
from pipeline.settings import TUNING, Settings


class _SearchRunner(LocalRunner):
    """The local runner; the ids of its runs mark them as searches, which make no model."""

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        run_id = f"{SEARCH_PREFIX}{datetime.datetime.now().isoformat()}"
        # Set here, the runner makes no id of its own.
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        for node in pipeline.nodes:
            # The Tuner takes finished trials from its own records, and reports them.
            if node.pipeline_node.node_info.id == "Tuner":
                node.pipeline_node.execution_options.caching_options.enable_cache = False
        super().run_with_ir(pipeline, run_options)


def search(settings: Settings) -> list[SearchTrial]:
    """Search as `settings.tuning` says; all trials in order, among them those that were trained before.

    Nodes before the Tuner are answered from the cache where the line, or an earlier search, has run them.
    """
    settings = settings.with_absolute_paths()
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    _SearchRunner().run(create_pipeline(settings, only_tuning=True))
    return trials_of(settings)


def trials_of(settings: Settings) -> list[SearchTrial]:
    """Read the trials of the latest search, also of an interrupted one; none before the first search."""
    return read_search(str(settings.with_absolute_paths().run_dir / TUNING))
