"""AtomicPusher's contract."""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import (
    Examples,
    ExampleStatistics,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    PushedModel,
)

from components.atomic_pusher.executor import Executor
from components.contract import Component, channels, optional_channels, parameters


class AtomicPusherSpec(ComponentSpec):
    PARAMETERS = parameters(destination=str, settings=str, force=str, training=str)
    INPUTS = channels(
        model=Model,
        model_blessing=ModelBlessing,
        infra_blessing=InfraBlessing,
        evaluation=ModelEvaluation,
        examples=Examples,
    ) | optional_channels(statistics=ExampleStatistics)
    OUTPUTS = channels(pushed_model=PushedModel)


class AtomicPusher(Component):
    """Pushes a model that both gates blessed to `<destination>/<version>`, with a manifest.

    A refused model is pushed if `force` gives a reason; its manifest then has this reason, those of the refusal and the
    time. The verdict stays as it is, so that no other model is compared with this one. A model that ServingCheck found
    broken, and not merely over a budget, is never pushed.

    A model that is the latest version already is not pushed twice: the artifact then points to that version. The
    artifact of a refused model has `pushed` 0.
    """

    SPEC_CLASS = AtomicPusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: BaseChannel,
        model_blessing: BaseChannel,
        infra_blessing: BaseChannel,
        evaluation: BaseChannel,
        examples: BaseChannel,
        statistics: BaseChannel | None = None,
        destination: str,
        settings: str,
        force: str,
        training: str,
    ) -> None:
        """Args:
        model: the candidate.
        model_blessing: ModelGate's.
        infra_blessing: ServingCheck's.
        evaluation: its metrics go into the manifest.
        examples: their fingerprint goes into the manifest.
        statistics: of the examples, laid beside the model; later runs measure drift from them.
        destination: the model's base folder.
        settings: all settings in effect as YAML; laid beside the model as `settings.yaml`.
        force: why to push a refused model; empty to let the gates decide.
        training: a hash of how the model was trained, for the manifest.
        """
        super().__init__(
            model=model,
            model_blessing=model_blessing,
            infra_blessing=infra_blessing,
            evaluation=evaluation,
            examples=examples,
            statistics=statistics,
            destination=destination,
            settings=settings,
            force=force,
            training=training,
        )
