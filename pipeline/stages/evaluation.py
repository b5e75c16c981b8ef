"""From a model to its blessing: scores, answers, the check of a served model, and the gate."""

from __future__ import annotations

from dataclasses import dataclass

from tfx import types
from tfx.components import Evaluator
from tfx.dsl.components.base.base_node import BaseNode

from components.crfsuite_baseline.component import CrfsuiteBaseline
from components.metrics.evaluation import eval_config
from components.model_gate.component import ModelGate
from components.predictor.component import Predictor
from components.serving_check.component import ServingCheck
from pipeline.settings import Settings
from pipeline.stages.code_hash import code_of
from pipeline.stages.data import Data
from pipeline.stages.earlier_runs import EarlierRuns


@dataclass(frozen=True)
class Evaluation:
    """The nodes of this stage and what later stages read.

    Attributes:
        nodes: in the order of the run.
        evaluation: the Evaluator's scores.
        predictions: the answers to the test split.
        model_blessing: ModelGate's.
        infra_blessing: ServingCheck's.
    """

    nodes: list[BaseNode]
    evaluation: types.BaseChannel
    predictions: types.BaseChannel
    model_blessing: types.BaseChannel
    infra_blessing: types.BaseChannel


def evaluation_stage(
    settings: Settings, data: Data, model: types.BaseChannel, earlier: EarlierRuns
) -> Evaluation:
    """Measure a model on the test split beside the latest blessed one, serve it, and bless or refuse it."""
    slice_by = settings.evaluation.slice_by
    baseline = earlier.baseline(candidate=model)
    baseline_model = baseline.outputs["model"]
    evaluator = Evaluator(
        examples=data.examples,
        example_splits=["test"],
        model=model,
        baseline_model=baseline_model,
        eval_config=eval_config(
            scheme=settings.scheme,
            floor=settings.evaluation.floor,
            slice_by=slice_by,
            length_buckets=settings.evaluation.length_buckets,
            code=code_of("Evaluator"),
        ),
    )
    predictor = Predictor(
        examples=data.examples,
        model=model,
        baseline_model=baseline_model,
        scheme=settings.scheme,
        slice_by=slice_by,
        code=code_of("Predictor"),
    )
    crfsuite = _crfsuite(settings, data) if settings.evaluation.crfsuite.enabled else None
    serving_check = _serving_check(settings, data, model)
    model_gate = ModelGate(
        predictions=predictor.outputs["predictions"],
        evaluation=evaluator.outputs["evaluation"],
        evaluator_blessing=evaluator.outputs["blessing"],
        model=model,
        infra_blessing=serving_check.outputs["blessing"],
        baseline_model=baseline_model,
        crfsuite=crfsuite.outputs["predictions"] if crfsuite else None,
        scheme=settings.scheme,
        options=settings.evaluation,
        code=code_of("ModelGate"),
    )
    nodes = (baseline, evaluator, predictor, crfsuite, serving_check, model_gate)
    return Evaluation(
        nodes=[node for node in nodes if node],
        evaluation=evaluator.outputs["evaluation"],
        predictions=predictor.outputs["predictions"],
        model_blessing=model_gate.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
    )


def _crfsuite(settings: Settings, data: Data) -> CrfsuiteBaseline:
    """The answers of a CRF with hand-made features, which a model must not fall below."""
    node = CrfsuiteBaseline(
        examples=data.examples,
        scheme=settings.scheme,
        options=settings.evaluation.crfsuite.training,
        slice_by=settings.evaluation.slice_by,
        code=code_of("CrfsuiteBaseline"),
    )
    node.add_upstream_node(data.gate)
    return node


def _serving_check(settings: Settings, data: Data, model: types.BaseChannel) -> ServingCheck:
    """Whether a server gives the answers that the model gives in memory, within the budgets."""
    return ServingCheck(
        model=model,
        examples=data.examples,
        model_name=settings.name,
        requests=settings.serving.check_requests,
        deadline_seconds=settings.serving.check_deadline_seconds,
        start_seconds=settings.serving.check_start_seconds,
        budgets=settings.serving.budgets,
        code=code_of("ServingCheck"),
    )
