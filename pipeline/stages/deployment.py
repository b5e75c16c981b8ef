"""From a blessed model to the folder that servers poll, and a page about the run."""

from __future__ import annotations

import os

from tfx.dsl.components.base.base_node import BaseNode

from components.atomic_pusher.component import AtomicPusher
from components.report.component import Report
from pipeline.settings import METADATA, Settings
from pipeline.stages.code_hash import code_of
from pipeline.stages.data import Data
from pipeline.stages.evaluation import Evaluation
from pipeline.stages.training import Training

# Never answered from the cache: both read the versions served now, which are no input of theirs.
UNCACHED = ("AtomicPusher", "Report")


def deployment_stage(
    settings: Settings, data: Data, training: Training, evaluation: Evaluation, *, force_bless: str
) -> list[BaseNode]:
    """Push the model, or with a reason in `force_bless` one that ModelGate refuses; then report."""
    pusher = AtomicPusher(
        model=training.model,
        model_blessing=evaluation.model_blessing,
        infra_blessing=evaluation.infra_blessing,
        evaluation=evaluation.evaluation,
        examples=data.examples,
        statistics=data.statistics,
        destination=settings.models_place,
        settings=settings.to_yaml(),
        force=force_bless,
        training=training.fingerprint,
    )
    report = Report(
        corpus_verdict=data.verdict,
        examples=data.examples,
        model=training.model,
        predictions=evaluation.predictions,
        model_blessing=evaluation.model_blessing,
        infra_blessing=evaluation.infra_blessing,
        pushed_model=pusher.outputs["pushed_model"],
        settings=settings.to_yaml(),
        metadata=os.path.join(settings.run_place, METADATA),
        code=code_of("Report"),
    )
    return [pusher, report]
