"""The one pipeline, for every runner."""

from __future__ import annotations

import msgspec
from tfx import types
from tfx.components import (
    Evaluator,
    ExampleValidator,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
)
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import pipeline
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import standard_artifacts

from components.atomic_pusher.component import AtomicPusher
from components.baseline import LatestBlessedOtherModel
from components.corpus_gate.component import CorpusGate
from components.corpus_gen.component import CorpusGen
from components.entity_metrics.evaluation import eval_config
from components.report.component import Report
from components.serving_check.component import ServingCheck
from pipeline.code_hash import code_hash
from pipeline.settings import Settings

METADATA = "metadata.db"

# Never answered from the cache: each asks how the world is now (is the served version the blessed model?).
UNCACHED = ("AtomicPusher", "Report")


def create_pipeline(settings: Settings) -> pipeline.Pipeline:
    """Chain the components that `settings` describe. Reads no file but the project's own code, to hash it."""
    root = settings.run_dir
    return pipeline.Pipeline(
        pipeline_name=settings.name,
        pipeline_root=str(root / "artifacts"),
        components=_components(settings, checkpoint_root=str(root / "checkpoints")),
        enable_cache=settings.pipeline.cache,
        metadata_connection_config=sqlite_metadata_connection_config(str(root / METADATA)),
        beam_pipeline_args=list(settings.pipeline.beam_args),
    )


def _components(settings: Settings, *, checkpoint_root: str) -> list[BaseNode]:
    scheme = "PLAIN" if settings.corpus.scheme.upper() == "PLAIN" else settings.corpus.train_scheme

    # Files become examples, split into train, dev and test.
    corpus_gen = CorpusGen(
        input_base=settings.data,
        options=settings.corpus,
        code_hash=code_hash("tagging", "corpus", "components/corpus_gen"),
    )
    examples = corpus_gen.outputs["examples"]

    # What the data look like, and whether they look as they should.
    statistics_gen = StatisticsGen(examples=examples)
    if settings.schema:
        schema_gen: BaseNode = ImportSchemaGen(schema_file=settings.schema)
    else:
        # Sentences are of any length.
        schema_gen = SchemaGen(statistics=statistics_gen.outputs["statistics"], infer_feature_shape=False)
    example_validator = ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"]
    )

    # Stops the run on what would poison it.
    corpus_gate = CorpusGate(
        examples=examples,
        statistics=statistics_gen.outputs["statistics"],
        anomalies=example_validator.outputs["anomalies"],
        input_base=settings.data,
        options=settings.corpus,
        limits=settings.checks,
        code_hash=code_hash("tagging", "corpus", "components/corpus_gate"),
    )

    # Vocabularies of the training split; ids for training and dev. The test split is scored as it is.
    transform = Transform(
        examples=examples,
        schema=schema_gen.outputs["schema"],
        preprocessing_fn="trainer.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "dev"]),
        custom_config={"code": code_hash("trainer/preprocessing.py", "trainer/features.py")},
        disable_statistics=True,
    )
    transform.add_upstream_node(corpus_gate)

    trainer = Trainer(
        run_fn="trainer.train.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema_gen.outputs["schema"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["dev"]),
        custom_config={
            "hyperparameters": msgspec.json.encode(settings.trainer).decode(),
            "scheme": scheme,
            "checkpoint_root": checkpoint_root,
            "code": code_hash("tagging", "trainer"),
        },
    )
    model = trainer.outputs["model"]

    # The latest blessed model, to compare with; then the gate on the test split.
    baseline = Resolver(
        strategy_class=LatestBlessedOtherModel,
        candidate=model,
        model=types.Channel(type=standard_artifacts.Model),
        model_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
    ).with_id("Baseline")
    evaluator = Evaluator(
        examples=examples,
        example_splits=["test"],
        model=model,
        baseline_model=baseline.outputs["model"],
        eval_config=eval_config(
            scheme=scheme,
            floor=settings.evaluation.floor,
            allowed_fall=settings.evaluation.allowed_fall,
            label_floors=settings.evaluation.label_floors,
            slice_by=settings.evaluation.slice_by,
            code=code_hash("tagging", "components/entity_metrics"),
        ),
    )

    # Does a server give the answers that the model gives?
    serving_check = ServingCheck(
        model=model,
        examples=examples,
        model_name=settings.name,
        requests=settings.serving.check_requests,
        deadline_seconds=settings.serving.check_deadline_seconds,
        start_seconds=settings.serving.check_start_seconds,
        code=code_hash("serving", "components/serving_check"),
    )

    # Where servers find what both gates blessed.
    pusher = AtomicPusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        evaluation=evaluator.outputs["evaluation"],
        examples=examples,
        destination=str(settings.models_dir),
        settings=settings.to_yaml(),
    )

    # A page on all of it.
    report = Report(
        corpus_verdict=corpus_gate.outputs["verdict"],
        examples=examples,
        model=model,
        evaluation=evaluator.outputs["evaluation"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        pushed_model=pusher.outputs["pushed_model"],
        settings=settings.to_yaml(),
        code=code_hash("components/report"),
    )
    return [
        corpus_gen, statistics_gen, schema_gen, example_validator, corpus_gate, transform, trainer,
        baseline, evaluator, serving_check, pusher, report,
    ]  # fmt: skip
