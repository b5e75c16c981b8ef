"""Report's contract."""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model, ModelBlessing, PushedModel

from components.artifacts import CorpusVerdict, Predictions, RunReport
from components.contract import Component, channels, parameters
from components.report.executor import Executor


class ReportSpec(ComponentSpec):
    PARAMETERS = parameters(settings=str, metadata=str, code=str)
    INPUTS = channels(
        corpus_verdict=CorpusVerdict,
        examples=Examples,
        model=Model,
        predictions=Predictions,
        model_blessing=ModelBlessing,
        infra_blessing=InfraBlessing,
        pushed_model=PushedModel,
    )
    OUTPUTS = channels(report=RunReport)


class Report(Component):
    """Writes `index.html`: the verdict and why, the data, the training, scores, errors, timings, settings."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        corpus_verdict: BaseChannel,
        examples: BaseChannel,
        model: BaseChannel,
        model_blessing: BaseChannel,
        infra_blessing: BaseChannel,
        pushed_model: BaseChannel,
        predictions: BaseChannel,
        settings: str,
        metadata: str = "",
        code: str = "",
    ) -> None:
        """Args:
        corpus_verdict, model_blessing, infra_blessing: of the gates CorpusGate, ModelGate and ServingCheck.
        examples, model, pushed_model: of the run.
        predictions: the models' answers to the test split.
        settings: all settings in effect, as YAML.
        metadata: the SQLite file of the local runner's metadata, for the timings; empty on a cluster.
        code: a hash of the code behind this component; it only serves the cache.
        """
        super().__init__(
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
        )
