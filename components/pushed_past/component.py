"""The contracts of PushedModel and PushedStatistics."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.pushed_past.executor import ModelExecutor, StatisticsExecutor


class PushedModelSpec(ComponentSpec):
    PARAMETERS = {"destination": ExecutionParameter(type=str), "code": ExecutionParameter(type=str)}
    INPUTS = {"candidate": ChannelParameter(type=standard_artifacts.Model)}
    OUTPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}


class PushedModel(base_component.BaseComponent):
    """The latest blessed model other than the candidate, as `LatestBlessedOtherModel` finds it in the metadata.

    Outputs:
        model: a copy of it; where there is none an empty folder whose `found` is 0.
    """

    SPEC_CLASS = PushedModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ModelExecutor)

    def __init__(self, *, candidate: types.BaseChannel, destination: str, code: str = "") -> None:
        """Args:
        candidate: this run's model.
        destination: the folder of versions that AtomicPusher writes.
        code: a hash of the code behind this component.
        """
        super().__init__(
            PushedModelSpec(
                candidate=candidate,
                destination=destination,
                code=code,
                model=types.Channel(type=standard_artifacts.Model),
            )
        )


class PushedStatisticsSpec(ComponentSpec):
    PARAMETERS = {"destination": ExecutionParameter(type=str), "code": ExecutionParameter(type=str)}
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}


class PushedStatistics(base_component.BaseComponent):
    """The statistics of the data behind the latest blessed model of other data, as `StatisticsOfLatestBlessed`.

    Outputs:
        statistics: a copy of them; where there are none an empty folder whose `found` is 0.
    """

    SPEC_CLASS = PushedStatisticsSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(StatisticsExecutor)

    def __init__(self, *, examples: types.BaseChannel, destination: str, code: str = "") -> None:
        """Args:
        examples: this run's, whose fingerprint tells its data.
        destination: the folder of versions that AtomicPusher writes.
        code: a hash of the code behind this component.
        """
        super().__init__(
            PushedStatisticsSpec(
                examples=examples,
                destination=destination,
                code=code,
                statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            )
        )
