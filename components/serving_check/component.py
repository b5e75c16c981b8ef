"""ServingCheck's contract."""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from components.contract import Component, channels, parameters
from components.serving_check.budgets import Budgets
from components.serving_check.executor import Executor


class ServingCheckSpec(ComponentSpec):
    PARAMETERS = parameters(
        model_name=str, requests=int, deadline_seconds=float, start_seconds=float, budgets=str, code=str
    )
    INPUTS = channels(model=Model, examples=Examples)
    OUTPUTS = channels(blessing=InfraBlessing)


class ServingCheck(Component):
    """Blesses a model whose served answers equal those of the model in memory, within its budgets.

    The blessing's folder has `verdict.json` and the server's log.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: BaseChannel,
        examples: BaseChannel,
        model_name: str,
        requests: int,
        deadline_seconds: float,
        start_seconds: float,
        budgets: Budgets | None = None,
        code: str = "",
    ) -> None:
        """Args:
        model: the candidate.
        examples: the corpus; sentences of its test split are sent.
        model_name: under which the server serves it.
        requests: how many sentences are sent.
        deadline_seconds: of each request.
        start_seconds: until the server must have loaded the model.
        budgets: of time and bytes; None sets none.
        code: a hash of the code behind this component; it only serves the cache.
        """
        super().__init__(
            model=model,
            examples=examples,
            model_name=model_name,
            requests=requests,
            deadline_seconds=deadline_seconds,
            start_seconds=start_seconds,
            budgets=budgets or Budgets(),
            code=code,
        )
