"""From transformed examples to a model: the search for better settings, the warm start and the training."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

import msgspec
from tfx import types
from tfx.components import Trainer, Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import trainer_pb2

from pipeline.settings import TUNING, Settings
from pipeline.stages.code_hash import code_of
from pipeline.stages.data import Data
from pipeline.stages.earlier_runs import EarlierRuns
from trainer.hyperparameters import Hyperparameters
from trainer.initial_weights.vector_files import fingerprint

_TRAIN, _EVAL = trainer_pb2.TrainArgs(splits=["train"]), trainer_pb2.EvalArgs(splits=["dev"])


@dataclass(frozen=True)
class Training:
    """The nodes of this stage and what later stages read.

    Attributes:
        nodes: in the order of the run.
        model: the trained model.
        fingerprint: a hash of the Trainer's settings and code, and of how its examples are made.
    """

    nodes: list[BaseNode]
    model: types.BaseChannel
    fingerprint: str


def training_stage(settings: Settings, data: Data, earlier: EarlierRuns) -> Training:
    """Train, with the best settings of a search and from the weights of an earlier model where the settings say so."""
    tuner = tuner_node(settings, data) if settings.tuning.enabled else None
    best = tuner.outputs["best_hyperparameters"] if tuner else None
    config = _custom_config(settings, settings.longest_training if tuner else settings.trainer)
    training = _fingerprint(settings, config)
    base = None
    if settings.trainer.warm_start:
        base = earlier.base_model(
            examples=data.examples,
            trainer_inputs={
                "examples": data.transformed,
                **({"hyperparameters": best} if best is not None else {}),
            },
            custom_config=config,
            fingerprint=training,
        )
    trainer = Trainer(
        run_fn="trainer.run_fn.run_fn",
        examples=data.transformed,
        transform_graph=data.transform_graph,
        schema=data.schema,
        base_model=base.outputs["model"] if base else None,
        hyperparameters=best,
        train_args=_TRAIN,
        eval_args=_EVAL,
        custom_config=config,
    )
    return Training(
        nodes=[node for node in (tuner, base, trainer) if node],
        model=trainer.outputs["model"],
        fingerprint=training,
    )


def tuner_node(settings: Settings, data: Data) -> Tuner:
    """Search for better settings by many trainings."""
    config = _custom_config(settings, settings.longest_training)
    return Tuner(
        tuner_fn="components.tuner.tune.tuner_fn",
        examples=data.transformed,
        transform_graph=data.transform_graph,
        schema=data.schema,
        train_args=_TRAIN,
        eval_args=_EVAL,
        custom_config={
            **config,
            "tuning": msgspec.json.encode(settings.tuning).decode(),
            "root": os.path.join(settings.run_place, TUNING),
            "search_code": code_of("Tuner"),
        },
    )


def _custom_config(settings: Settings, hyperparameters: Hyperparameters) -> dict[str, Any]:
    """The Trainer's parameters, with a hash of the vectors' content, so that the cache follows it."""
    vectors = settings.trainer.vectors
    return {
        "hyperparameters": msgspec.json.encode(hyperparameters).decode(),
        # Empty where there is no such file, as on the machine that compiles for a cluster.
        "vectors": fingerprint(vectors) if vectors and os.path.isfile(vectors) else "",
        "scheme": settings.scheme,
        "tokenizer": settings.tokenizer,
        "checkpoint_root": os.path.join(settings.run_place, "checkpoints"),
        "code": code_of("Trainer"),
    }


def _fingerprint(settings: Settings, custom_config: dict[str, Any]) -> str:
    parts = {
        **custom_config,
        "corpus": msgspec.to_builtins(settings.corpus),
        "reading": code_of("CorpusGen"),
        "tuning": msgspec.to_builtins(settings.tuning) if settings.tuning.enabled else None,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
