"""AtomicPusher's inputs, outputs and parameters."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.atomic_pusher.executor import Executor


class AtomicPusherSpec(ComponentSpec):
    PARAMETERS = {
        "destination": ExecutionParameter(type=str),
        "settings": ExecutionParameter(type=str),
        "force": ExecutionParameter(type=str),
        "training": ExecutionParameter(type=str),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
    }
    OUTPUTS = {"pushed_model": ChannelParameter(type=standard_artifacts.PushedModel)}


class AtomicPusher(base_component.BaseComponent):
    """Pushes a model that both gates blessed to `<destination>/<version>`, with a manifest.

    A refused model is pushed if `force` gives a reason; its manifest then has this reason, those of the
    refusal and the time. The verdict stays as it is, so that no other model is compared with this one. A
    model that ServingCheck found broken, and not merely over a budget, is never pushed.

    A model that is the latest version already is not pushed twice: the artifact then points to that version.
    The artifact of a refused model has `pushed` 0.
    """

    SPEC_CLASS = AtomicPusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        infra_blessing: types.BaseChannel,
        evaluation: types.BaseChannel,
        examples: types.BaseChannel,
        destination: str,
        settings: str,
        force: str = "",
        training: str = "",
        statistics: types.BaseChannel | None = None,
    ) -> None:
        """Args:
        model: the candidate.
        model_blessing: ModelGate's.
        infra_blessing: ServingCheck's.
        evaluation: its metrics go into the manifest.
        examples: their fingerprint goes into the manifest.
        destination: the model's base folder.
        settings: all settings in effect as YAML; laid beside the model as `settings.yaml`.
        force: why to push a refused model; empty to let the gates decide.
        training: a hash of how the model was trained, for the manifest.
        statistics: of the examples, laid beside the model, against which later runs look for drift.
        """
        super().__init__(
            AtomicPusherSpec(
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
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
