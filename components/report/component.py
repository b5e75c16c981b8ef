"""Report's contract."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import CorpusVerdict, RunReport
from components.report.executor import Executor


class ReportSpec(ComponentSpec):
    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "corpus_verdict": ChannelParameter(type=CorpusVerdict),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
        "pushed_model": ChannelParameter(type=standard_artifacts.PushedModel),
    }
    OUTPUTS = {"report": ChannelParameter(type=RunReport)}


class Report(base_component.BaseComponent):
    """Writes `index.html`: the verdict and why, the data, the training's curves, the scores, the settings."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        corpus_verdict: types.BaseChannel,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        evaluation: types.BaseChannel,
        model_blessing: types.BaseChannel,
        infra_blessing: types.BaseChannel,
        pushed_model: types.BaseChannel,
        settings: str,
        code: str = "",
    ) -> None:
        """Args:
        corpus_verdict, model_blessing, infra_blessing: what the three gates said.
        examples, model, evaluation, pushed_model: what the run made.
        settings: all settings in effect, as YAML.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            ReportSpec(
                corpus_verdict=corpus_verdict,
                examples=examples,
                model=model,
                evaluation=evaluation,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                pushed_model=pushed_model,
                settings=settings,
                code=code,
                report=types.Channel(type=RunReport),
            )
        )
