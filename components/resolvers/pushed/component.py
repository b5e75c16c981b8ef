"""The contracts of PushedModel, PushedBaseModel and PushedStatistics.

Each looks up what an earlier run left below `destination`, the model's base folder, and puts a copy of it out; if
nothing was found, an empty folder whose property `found` is 0. `code` is a hash of the code behind them.
"""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model

from components.contract import Component, channels, parameters
from components.resolvers.pushed.executor import BaseModelExecutor, ModelExecutor, StatisticsExecutor


class PushedModelSpec(ComponentSpec):
    PARAMETERS = parameters(destination=str, code=str)
    INPUTS = channels(candidate=Model)
    OUTPUTS = channels(model=Model)


class PushedModel(Component):
    """The latest blessed model other than `candidate`, this run's model; like `LatestBlessedOtherModel`."""

    SPEC_CLASS = PushedModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ModelExecutor)


class PushedBaseModelSpec(ComponentSpec):
    PARAMETERS = parameters(destination=str, code=str, training=str)
    INPUTS = channels(examples=Examples)
    OUTPUTS = channels(model=Model)


class PushedBaseModel(Component):
    """The latest blessed model of another training, like `LatestBlessedOfAnotherTraining`.

    The fingerprint of `examples` identifies this run's data; `training` is a hash of how this run trains, as
    AtomicPusher writes it into the manifest.
    """

    SPEC_CLASS = PushedBaseModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(BaseModelExecutor)


class PushedStatisticsSpec(ComponentSpec):
    PARAMETERS = parameters(destination=str, code=str)
    INPUTS = channels(examples=Examples)
    OUTPUTS = channels(statistics=ExampleStatistics)


class PushedStatistics(Component):
    """The statistics of the latest blessed model of other data, like `StatisticsOfLatestBlessed`.

    The fingerprint of `examples` identifies this run's data.
    """

    SPEC_CLASS = PushedStatisticsSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(StatisticsExecutor)
