"""From corpus files to transformed examples, through the gate that stops a run on bad data."""

from __future__ import annotations

from dataclasses import dataclass

from tfx import types
from tfx.components import ExampleValidator, SchemaGen, StatisticsGen, Transform
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import transform_pb2

from components.corpus_gate.component import CorpusGate
from components.corpus_gen.component import CorpusGen
from pipeline.settings import Settings
from pipeline.stages.code_hash import code_of
from pipeline.stages.earlier_runs import EarlierRuns


@dataclass(frozen=True)
class Data:
    """The nodes of this stage and what later stages read.

    Attributes:
        nodes: in the order of the run.
        gate: CorpusGate, which nodes that read the raw examples wait for.
        examples: the splits train, dev and test.
        statistics, schema: of `examples`.
        verdict: CorpusGate's.
        transformed: the splits train and dev, as ids.
        transform_graph: the vocabularies.
    """

    nodes: list[BaseNode]
    gate: BaseNode
    examples: types.BaseChannel
    statistics: types.BaseChannel
    schema: types.BaseChannel
    verdict: types.BaseChannel
    transformed: types.BaseChannel
    transform_graph: types.BaseChannel


def data_stage(settings: Settings, earlier: EarlierRuns) -> Data:
    """Read, describe, check and transform the corpus."""
    corpus_gen = CorpusGen(input_base=settings.data, options=settings.corpus, code_hash=code_of("CorpusGen"))
    examples = corpus_gen.outputs["examples"]
    statistics_gen = StatisticsGen(examples=examples)
    statistics = statistics_gen.outputs["statistics"]
    if settings.schema:
        schema_gen: BaseNode = ImportSchemaGen(schema_file=settings.schema)
    else:
        # Sentences are of any length.
        schema_gen = SchemaGen(statistics=statistics, infer_feature_shape=False)
    schema = schema_gen.outputs["schema"]
    example_validator = ExampleValidator(statistics=statistics, schema=schema)
    # Drift is measured from what the latest blessed model was trained on.
    blessed_statistics = earlier.blessed_statistics(examples=examples, statistics=statistics)
    corpus_gate = CorpusGate(
        examples=examples,
        statistics=statistics,
        anomalies=example_validator.outputs["anomalies"],
        blessed_statistics=blessed_statistics.outputs["statistics"],
        input_base=settings.data,
        options=settings.corpus,
        limits=settings.checks,
        code_hash=code_of("CorpusGate"),
    )
    transform = _transform(examples, schema)
    transform.add_upstream_node(corpus_gate)
    return Data(
        nodes=[
            corpus_gen, statistics_gen, schema_gen, example_validator, blessed_statistics, corpus_gate, transform,
        ],
        gate=corpus_gate,
        examples=examples,
        statistics=statistics,
        schema=schema,
        verdict=corpus_gate.outputs["verdict"],
        transformed=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
    )  # fmt: skip


def _transform(examples: types.BaseChannel, schema: types.BaseChannel) -> Transform:
    """Vocabularies of the training split; ids for training and dev. The test split is scored as it is."""
    return Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn="trainer.features.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "dev"]),
        custom_config={"code": code_of("Transform")},
        disable_statistics=True,
    )
