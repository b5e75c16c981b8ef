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

    def __init__(self, *, destination: str, code: str, **inputs_and_parameters: Any) -> None:
        """Args:
        destination: the model's base folder.
        code: a hash of the code behind this component.
        inputs_and_parameters: of the subclass.
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
    """The latest blessed model other than the candidate, as `LatestBlessedOtherModel` finds it in the metadata."""

    SPEC_CLASS = PushedModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ModelExecutor)

    def __init__(self, *, candidate: types.BaseChannel, destination: str, code: str = "") -> None:
        """Args:
        candidate: this run's model.
        destination, code: as for every lookup.
        """
        super().__init__(candidate=candidate, destination=destination, code=code)


class PushedBaseModelSpec(ComponentSpec):
    PARAMETERS = {**_PARAMETERS, "training": ExecutionParameter(type=str)}
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}


class PushedBaseModel(_Lookup):
    """The latest blessed model that another training made, as `LatestBlessedOfAnotherTraining` in the metadata."""

    SPEC_CLASS = PushedBaseModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(BaseModelExecutor)

    def __init__(
        self, *, examples: types.BaseChannel, training: str, destination: str, code: str = ""
    ) -> None:
        """Args:
        examples: this run's, whose fingerprint identifies its data.
        training: a hash of how this run trains, as AtomicPusher writes it into the manifest.
        destination, code: as for every lookup.
        """
        super().__init__(examples=examples, training=training, destination=destination, code=code)


class PushedStatisticsSpec(ComponentSpec):
    PARAMETERS = _PARAMETERS
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}


class PushedStatistics(_Lookup):
    """The statistics of the data behind the latest blessed model of other data, as `StatisticsOfLatestBlessed`."""

    SPEC_CLASS = PushedStatisticsSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(StatisticsExecutor)

    def __init__(self, *, examples: types.BaseChannel, destination: str, code: str = "") -> None:
        """Args:
        examples: this run's, whose fingerprint identifies its data.
        destination, code: as for every lookup.
        """
        super().__init__(examples=examples, destination=destination, code=code)
