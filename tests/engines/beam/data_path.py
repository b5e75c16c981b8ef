"""The data path with Beam's work done wherever settings say, and what it wrote, in an order of its own.

Which shard holds a record, and where in it, is the engine's affair.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_data_validation as tfdv
from google.protobuf import json_format
from tfx.components.evaluator import executor as evaluator
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.orchestration.pipeline import RunOptions
from tfx.types import artifact_utils, standard_artifacts

from components.metrics.evaluation import eval_config
from components.metrics.results import Evaluation, read
from pipeline.beam.args import pipeline_args
from pipeline.factory import create_pipeline
from pipeline.runners.local import LocalRunner
from pipeline.runs.lineage import Lineage
from pipeline.settings import METADATA, Settings, load
from tests.serving.batch.batch_runs import predict

# Sentences in a part of bulk answers.
PART = 500


def prepared(corpus: Path, home: Path, *assignments: str, until: str = "Transform") -> Settings:
    """The line up to a component, run."""
    given = [f"data={corpus}", f"pipeline.root={home}", "name=engines", *assignments]
    settings = load(assignments=given).with_absolute_paths()
    settings.run_dir.mkdir(parents=True)
    LocalRunner().run(create_pipeline(settings), run_options=RunOptions(to_nodes=[until]))
    return settings


def made(settings: Settings, component: str, key: str) -> Path:
    """The folder of what a component made in the last run."""
    lineage = Lineage(settings.run_dir / METADATA)
    step = lineage.step(lineage.run_ids()[-1], component)
    assert step is not None
    return Path(step.only(key).uri)


def records(folder: Path) -> dict[str, list[bytes]]:
    """All records by split, sorted."""
    return {
        split.name: sorted(
            tf.data.TFRecordDataset(sorted(map(str, split.glob("*.gz"))), "GZIP").as_numpy_iterator()
        )
        for split in sorted(folder.glob("Split-*"))
    }


def features_sorted(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """The same records with the features of each in one order; values and their order are as they were."""
    return {
        split: sorted(tf.train.Example.FromString(row).SerializeToString(deterministic=True) for row in rows)
        for split, rows in found.items()
    }


def vocabularies(settings: Settings) -> dict[str, bytes]:
    """The vocabularies' files by name."""
    folder = made(settings, "Transform", "transform_graph") / "transform_fn" / "assets"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def statistics(settings: Settings) -> dict[str, Any]:
    """The statistics of each split, features by name."""
    found: dict[str, Any] = {}
    for file in sorted(made(settings, "StatisticsGen", "statistics").glob("Split-*/FeatureStats.pb")):
        (dataset,) = json_format.MessageToDict(tfdv.load_stats_binary(str(file)))["datasets"]
        features = {json.dumps(one["path"]): one for one in dataset.pop("features")}
        found[file.parent.name] = {**dataset, "features": features}
    return found


def evaluated(model: Path, examples: Path, out: Path, *assignments: str) -> Evaluation:
    """The scores that TFX's Evaluator computes of a model on all splits of examples."""
    given, served = standard_artifacts.Examples(), standard_artifacts.Model()
    given.uri, served.uri = str(examples), str(model)
    splits = [folder.name.removeprefix("Split-") for folder in sorted(examples.glob("Split-*"))]
    given.split_names = artifact_utils.encode_split_names(splits)
    given.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    blessing, scores = standard_artifacts.ModelBlessing(), standard_artifacts.ModelEvaluation()
    blessing.uri, scores.uri = str(out / "blessing"), str(out / "scores")
    config = eval_config(scheme="BIO", floor=0.5, slice_by=(), length_buckets=(5, 15))
    properties = {
        "eval_config": json_format.MessageToJson(config, preserving_proto_field_name=True),
        "example_splits": json.dumps(splits),
        "fairness_indicator_thresholds": "null",
    }
    args = pipeline_args(load(assignments=assignments).beam)
    executor = evaluator.Executor(BaseBeamExecutor.Context(beam_pipeline_args=args))
    executor.Do(
        {"examples": [given], "model": [served]}, {"blessing": [blessing], "evaluation": [scores]}, properties
    )
    return read(scores.uri)


def answers(model: Path, corpus: Path, out: Path, *assignments: str) -> dict[str, bytes]:
    """The parts of `tagline predict` by name."""
    args = pipeline_args(load(assignments=assignments).beam)
    manifest = predict(model, corpus, out, shard_size=PART, beam_args=args)
    return {part.name: (out / part.name).read_bytes() for part in manifest.parts}
