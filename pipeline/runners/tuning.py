"""Runs the search for better settings in this process: the line up to Transform, then the Tuner."""

from __future__ import annotations

import datetime

from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.tuner.trials import SearchTrial, read_search
from pipeline.factory import create_pipeline
from pipeline.runners.local import LocalRunner
from pipeline.runs.history import SEARCH
from pipeline.settings import TUNING, Settings


class _SearchRunner(LocalRunner):
    """The local runner; its runs are known by their ids for searches, which are to make no model."""

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        run_id = f"{SEARCH}{datetime.datetime.now().isoformat()}"
        # The runner gives the id where none is given.
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        for node in pipeline.nodes:
            # The records of trials answer all that was trained before, and tell it.
            if node.pipeline_node.node_info.id == "Tuner":
                node.pipeline_node.execution_options.caching_options.enable_cache = False
        super().run_with_ir(pipeline, run_options)


def search(settings: Settings) -> list[SearchTrial]:
    """Search as `settings.tuning` says; all trials in their order, those that were trained before among them.

    Nodes before the Tuner are answered from the cache where the line, or an earlier search, has run them.
    """
    settings = settings.with_absolute_paths()
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    _SearchRunner().run(create_pipeline(settings, only_tuning=True))
    return trials_of(settings)


def trials_of(settings: Settings) -> list[SearchTrial]:
    """The trials of the latest search, also of one that was interrupted; none where there was none."""
    return read_search(str(settings.with_absolute_paths().run_dir / TUNING))
