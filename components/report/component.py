"""Report's contract."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import CorpusVerdict, Predictions, RunReport
from components.report.executor import Executor


class ReportSpec(ComponentSpec):
    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "metadata": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "corpus_verdict": ChannelParameter(type=CorpusVerdict),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "predictions": ChannelParameter(type=Predictions, optional=True),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
        "pushed_model": ChannelParameter(type=standard_artifacts.PushedModel),
    }
    OUTPUTS = {"report": ChannelParameter(type=RunReport)}


class Report(base_component.BaseComponent):
    """Writes `index.html`: the verdict and why, the data, the training, scores, errors, timings, settings."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        corpus_verdict: types.BaseChannel,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        infra_blessing: types.BaseChannel,
        pushed_model: types.BaseChannel,
        predictions: types.BaseChannel | None = None,
        settings: str,
        metadata: str = "",
        code: str = "",
    ) -> None:
        """Args:
        corpus_verdict, model_blessing, infra_blessing: what the three gates (CorpusGate, ModelGate,
            ServingCheck) said.
        examples, model, pushed_model: what the run made.
        predictions: the models' answers to the test split; without them no error is shown.
        settings: all settings in effect, as YAML.
        metadata: the SQLite file of the local runner's metadata, for the timings; empty where there is none.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            ReportSpec(
                corpus_verdict=corpus_verdict,
                examples=examples,
                model=model,
                predictions=predictions,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                pushed_model=pushed_model,
                settings=settings,
                metadata=metadata,
                code=code,
                report=types.Channel(type=RunReport),
            )
        )
