"""ServingCheck's contract."""

import msgspec
from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.serving_check.budgets import Budgets
from components.serving_check.executor import Executor


class ServingCheckSpec(ComponentSpec):
    PARAMETERS = {
        "model_name": ExecutionParameter(type=str),
        "requests": ExecutionParameter(type=int),
        "deadline_seconds": ExecutionParameter(type=float),
        "start_seconds": ExecutionParameter(type=float),
        "budgets": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingCheck(base_component.BaseComponent):
    """Blesses a model whose served answers equal those of the model in memory, within its budgets.

    The blessing's folder holds `verdict.json` and the server's log.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        model_name: str,
        requests: int,
        deadline_seconds: float,
        start_seconds: float,
        budgets: Budgets | None = None,
        code: str = "",
    ) -> None:
        """Args:
        model: the candidate.
        examples: the corpus, of whose test split sentences are sent.
        model_name: under which the server serves it.
        requests: how many sentences.
        deadline_seconds: of each request.
        start_seconds: for the server to have the model ready.
        budgets: of time and bytes; none without them.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            ServingCheckSpec(
                model=model,
                examples=examples,
                model_name=model_name,
                requests=requests,
                deadline_seconds=deadline_seconds,
                start_seconds=start_seconds,
                budgets=msgspec.json.encode(budgets or Budgets()).decode(),
                code=code,
                blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            )
        )
