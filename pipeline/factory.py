"""The one pipeline, for every runner."""

from __future__ import annotations

import os

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration import pipeline

from pipeline.beam.args import pipeline_args
from pipeline.beam.components import set_component_args
from pipeline.settings import METADATA, Settings
from pipeline.stages.data import data_stage
from pipeline.stages.deployment import deployment_stage
from pipeline.stages.earlier_runs import EarlierRuns, Source
from pipeline.stages.evaluation import evaluation_stage
from pipeline.stages.training import training_stage, tuner_node


def create_pipeline(
    settings: Settings,
    *,
    force_bless: str = "",
    earlier: Source = "metadata",
    only_tuning: bool = False,
) -> pipeline.Pipeline:
    """Chain the components that `settings` describe. Reads no file but, to hash them, its own code and the vectors.

    Args:
        settings: all of them.
        force_bless: why to push a model that ModelGate refuses; empty to let the gates decide.
        earlier: where earlier runs are looked up: in the metadata, or in the pushed folder, for a back end that runs
            no resolvers.
        only_tuning: end with the search for better settings.
    """
    nodes = _nodes(settings, force_bless=force_bless, source=earlier, only_tuning=only_tuning)
    set_component_args(nodes, settings.beam, pipeline=settings.name)
    return pipeline.Pipeline(
        pipeline_name=settings.name,
        pipeline_root=os.path.join(settings.run_place, "artifacts"),
        components=nodes,
        enable_cache=settings.pipeline.cache,
        metadata_connection_config=_sqlite(os.path.join(settings.run_place, METADATA)),
        beam_pipeline_args=pipeline_args(settings.beam),
    )


def _nodes(settings: Settings, *, force_bless: str, source: Source, only_tuning: bool) -> list[BaseNode]:
    earlier = EarlierRuns(settings, source)
    data = data_stage(settings, earlier)
    if only_tuning:
        return [*data.nodes, tuner_node(settings, data)]
    training = training_stage(settings, data, earlier)
    evaluation = evaluation_stage(settings, data, training.model, earlier)
    deployment = deployment_stage(settings, data, training, evaluation, force_bless=force_bless)
    return [*data.nodes, *training.nodes, *evaluation.nodes, *deployment]


def _sqlite(path: str) -> metadata_store_pb2.ConnectionConfig:
    """Metadata in a file. TFX's own function also creates the folder, on the machine that compiles the pipeline."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config
