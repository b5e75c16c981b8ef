"""The contracts of PushedModel, PushedBaseModel and PushedStatistics."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.resolvers.pushed.executor import BaseModelExecutor, ModelExecutor, StatisticsExecutor

_PARAMETERS = {"destination": ExecutionParameter(type=str), "code": ExecutionParameter(type=str)}


class _Lookup(base_component.BaseComponent):
    """Something that an earlier run left in the base folder that AtomicPusher writes to.

    Outputs:
        a copy of it; if nothing was found an empty folder whose property `found` is 0.
    """

    def __init__(self, *, destination: str, code: str = "", **inputs_and_parameters: Any) -> None:
        """Args:
        destination: the model's base folder.
        code: a hash of the code behind this component.
        inputs_and_parameters: those that the subclass names; its spec checks their types.
        """
        outputs = {key: types.Channel(type=output.type) for key, output in self.SPEC_CLASS.OUTPUTS.items()}
        super().__init__(
            self.SPEC_CLASS(destination=destination, code=code, **inputs_and_parameters, **outputs)
        )


class PushedModelSpec(ComponentSpec):
    PARAMETERS = _PARAMETERS
    INPUTS = {"candidate": ChannelParameter(type=standard_artifacts.Model)}
    OUTPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}


class PushedModel(_Lookup):
    """The latest blessed model other than the candidate, like `LatestBlessedOtherModel`.

    Args:
        candidate: this run's model.
    """

    SPEC_CLASS = PushedModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ModelExecutor)


class PushedBaseModelSpec(ComponentSpec):
    PARAMETERS = {**_PARAMETERS, "training": ExecutionParameter(type=str)}
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}


class PushedBaseModel(_Lookup):
    """The latest blessed model that another training made, like `LatestBlessedOfAnotherTraining`.

    Args:
        examples: this run's, whose fingerprint identifies its data.
        training: a hash of how this run trains, as AtomicPusher writes it into the manifest.
    """

    SPEC_CLASS = PushedBaseModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(BaseModelExecutor)


class PushedStatisticsSpec(ComponentSpec):
    PARAMETERS = _PARAMETERS
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}


class PushedStatistics(_Lookup):
    """The statistics of the latest blessed model that has other data, like `StatisticsOfLatestBlessed`.

    Args:
        examples: this run's, whose fingerprint identifies its data.
    """

    SPEC_CLASS = PushedStatisticsSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(StatisticsExecutor)
