"""The one pipeline, for every runner."""

from __future__ import annotations

import os

import msgspec
from ml_metadata.proto import metadata_store_pb2
from tfx.components import (
    Evaluator,
    ExampleValidator,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
    Tuner,
)
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration import pipeline
from tfx.proto import trainer_pb2, transform_pb2

from components.atomic_pusher.component import AtomicPusher
from components.corpus_gate.component import CorpusGate
from components.corpus_gen.component import CorpusGen
from components.crfsuite_baseline.component import CrfsuiteBaseline
from components.metrics.evaluation import eval_config
from components.model_gate.component import ModelGate
from components.predictor.component import Predictor
from components.report.component import Report
from components.serving_check.component import ServingCheck
from pipeline.beam.args import pipeline_args
from pipeline.beam.components import tell
from pipeline.settings import Settings
from pipeline.stages.code_hash import code_hash
from pipeline.stages.earlier_runs import Training, Where, fingerprint_of, past_of
from trainer.initial_weights.vector_files import fingerprint

METADATA = "metadata.db"

# A folder of a pipeline's runs: the trials of searches for better settings.
TUNING = "tuning"

# Never answered from the cache: each asks how the world is now (is the served version the blessed model?).
UNCACHED = ("AtomicPusher", "Report")


def create_pipeline(
    settings: Settings,
    *,
    force_bless: str = "",
    past: Where = "metadata",
    only_tuning: bool = False,
) -> pipeline.Pipeline:
    """Chain the components that `settings` describe. Reads no file but, to hash them, its own code and the vectors.

    Args:
        settings: all of them.
        force_bless: why to push a model that ModelGate refuses; empty to let the gates decide.
        past: where earlier runs are looked up: in the metadata, or in the pushed folder, for a runner that resolves
            nothing in its metadata.
        only_tuning: the search for better settings and what it needs, and nothing after it.
    """
    root = settings.run_place
    components = _components(
        settings,
        checkpoint_root=os.path.join(root, "checkpoints"),
        force_bless=force_bless,
        past=past,
        only_tuning=only_tuning,
    )
    tell(components, settings.beam, pipeline=settings.name)
    return pipeline.Pipeline(
        pipeline_name=settings.name,
        pipeline_root=os.path.join(root, "artifacts"),
        components=components,
        enable_cache=settings.pipeline.cache,
        metadata_connection_config=_sqlite(os.path.join(root, METADATA)),
        beam_pipeline_args=pipeline_args(settings.beam),
    )


def _sqlite(path: str) -> metadata_store_pb2.ConnectionConfig:
    """Metadata in a file. TFX's own function makes the folder too, on whatever machine the pipeline is put together."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def _components(
    settings: Settings, *, checkpoint_root: str, force_bless: str, past: Where, only_tuning: bool
) -> list[BaseNode]:
    earlier = past_of(settings, past)
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

    # Stops the run on what would poison it; drift is measured from what the latest blessed model was trained on.
    blessed_statistics = earlier.blessed_statistics(
        examples=examples, statistics=statistics_gen.outputs["statistics"]
    )
    corpus_gate = CorpusGate(
        examples=examples,
        statistics=statistics_gen.outputs["statistics"],
        anomalies=example_validator.outputs["anomalies"],
        blessed_statistics=blessed_statistics.outputs["statistics"],
        input_base=settings.data,
        options=settings.corpus,
        limits=settings.checks,
        code_hash=code_hash("tagging", "corpus", "components/corpus_gate", "components/verdict.py"),
    )

    # Vocabularies of the training split; ids for training and dev. The test split is scored as it is.
    transform = Transform(
        examples=examples,
        schema=schema_gen.outputs["schema"],
        preprocessing_fn="trainer.features.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "dev"]),
        custom_config={
            "code": code_hash("trainer/features/preprocessing.py", "trainer/features/token_features.py")
        },
        disable_statistics=True,
    )
    transform.add_upstream_node(corpus_gate)

    training = {
        "hyperparameters": msgspec.json.encode(settings.trainer).decode(),
        "vectors": _fingerprint(settings.trainer.vectors),
        "scheme": scheme,
        "checkpoint_root": checkpoint_root,
        "code": code_hash("tagging", "trainer"),
    }
    # The best settings of many trainings, where they are searched for.
    tuner = None
    if settings.tuning.enabled or only_tuning:
        training["hyperparameters"] = msgspec.json.encode(settings.longest_training).decode()
        tuner = Tuner(
            tuner_fn="components.tuner.tune.tuner_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            schema=schema_gen.outputs["schema"],
            train_args=trainer_pb2.TrainArgs(splits=["train"]),
            eval_args=trainer_pb2.EvalArgs(splits=["dev"]),
            custom_config={
                **training,
                "tuning": msgspec.json.encode(settings.tuning).decode(),
                "root": os.path.join(settings.run_place, TUNING),
                "search_code": code_hash("components/tuner"),
            },
        )
    if tuner and only_tuning:
        return [
            corpus_gen, statistics_gen, schema_gen, example_validator, blessed_statistics, corpus_gate, transform,
            tuner,
        ]  # fmt: skip

    # The weights to begin with, where a warm start is asked for.
    base = None
    if settings.trainer.warm_start:
        searched = {"hyperparameters": tuner.outputs["best_hyperparameters"]} if tuner else {}
        base = earlier.base_model(
            Training(
                examples=examples,
                read={"examples": transform.outputs["transformed_examples"], **searched},
                told=training,
                fingerprint=fingerprint_of(training, settings),
            )
        )

    trainer = Trainer(
        run_fn="trainer.run_fn.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema_gen.outputs["schema"],
        base_model=base.outputs["model"] if base else None,
        hyperparameters=tuner.outputs["best_hyperparameters"] if tuner else None,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["dev"]),
        custom_config=training,
    )
    model = trainer.outputs["model"]

    # The latest blessed model, to compare with; then the scores of both on the test split.
    baseline = earlier.baseline(candidate=model)
    evaluator = Evaluator(
        examples=examples,
        example_splits=["test"],
        model=model,
        baseline_model=baseline.outputs["model"],
        eval_config=eval_config(
            scheme=scheme,
            slice_by=settings.evaluation.slice_by,
            length_buckets=settings.evaluation.length_buckets,
            code=code_hash("tagging", "components/metrics"),
        ),
    )

    # What both models answer to the test split, sentence by sentence.
    predictor = Predictor(
        examples=examples,
        model=model,
        baseline_model=baseline.outputs["model"],
        scheme=scheme,
        slice_by=settings.evaluation.slice_by,
        code=code_hash("files", "tagging", "components/predictor"),
    )

    # What a CRF with hand-made features answers, where it is asked for.
    crfsuite = None
    if settings.evaluation.crfsuite.enabled:
        crfsuite = CrfsuiteBaseline(
            examples=examples,
            scheme=scheme,
            options=settings.evaluation.crfsuite.training,
            slice_by=settings.evaluation.slice_by,
            code=code_hash("tagging", "components/crfsuite_baseline", "components/predictor"),
        )
        crfsuite.add_upstream_node(corpus_gate)

    # Does a server give the answers that the model gives?
    serving_check = ServingCheck(
        model=model,
        examples=examples,
        model_name=settings.name,
        requests=settings.serving.check_requests,
        deadline_seconds=settings.serving.check_deadline_seconds,
        start_seconds=settings.serving.check_start_seconds,
        budgets=settings.serving.budgets,
        code=code_hash(
            "files", "serving", "components/serving_check", "components/predictor", "components/verdict.py"
        ),
    )

    # Every rule, and the one blessing.
    model_gate = ModelGate(
        predictions=predictor.outputs["predictions"],
        evaluation=evaluator.outputs["evaluation"],
        model=model,
        infra_blessing=serving_check.outputs["blessing"],
        baseline_model=baseline.outputs["model"],
        crfsuite=crfsuite.outputs["predictions"] if crfsuite else None,
        scheme=scheme,
        options=settings.evaluation,
        code=code_hash(
            "tagging",
            "components/model_gate",
            "components/scores",
            "components/metrics",
            "components/verdict.py",
        ),
    )

    # Where servers find what was blessed.
    pusher = AtomicPusher(
        model=model,
        model_blessing=model_gate.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        evaluation=evaluator.outputs["evaluation"],
        examples=examples,
        statistics=statistics_gen.outputs["statistics"],
        destination=settings.models_place,
        settings=settings.to_yaml(),
        force=force_bless,
        training=fingerprint_of(training, settings),
    )

    # A page on all of it.
    report = Report(
        corpus_verdict=corpus_gate.outputs["verdict"],
        examples=examples,
        model=model,
        predictions=predictor.outputs["predictions"],
        model_blessing=model_gate.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        pushed_model=pusher.outputs["pushed_model"],
        settings=settings.to_yaml(),
        metadata=os.path.join(settings.run_place, METADATA),
        code=code_hash("tagging", "components/report", "trainer/export/transitions.py"),
    )
    return [
        corpus_gen, statistics_gen, schema_gen, example_validator, blessed_statistics, corpus_gate, transform,
        *([tuner] if tuner else []), *([base] if base else []), trainer, baseline, evaluator, predictor,
        *([crfsuite] if crfsuite else []), serving_check, model_gate, pusher, report,
    ]  # fmt: skip


def _fingerprint(vectors: str | None) -> str:
    """For the cache and for checkpoints: another content under the same name is another training.

    Empty where there is no such file, as on the machine that compiles for a cluster.
    """
    return fingerprint(vectors) if vectors and os.path.isfile(vectors) else ""
