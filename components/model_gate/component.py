"""ModelGate's contract."""

import msgspec
from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Predictions
from components.model_gate.executor import Executor
from components.model_gate.options import Evaluation


class ModelGateSpec(ComponentSpec):
    PARAMETERS = {
        "scheme": ExecutionParameter(type=str),
        "options": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "predictions": ChannelParameter(type=Predictions),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
        "crfsuite": ChannelParameter(type=Predictions, optional=True),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.ModelBlessing)}


class ModelGate(base_component.BaseComponent):
    """Blesses a model that meets every rule, and says of each what it asked and what it found.

    Outputs:
        blessing: a `ModelBlessing` with the properties and the BLESSED or NOT_BLESSED file of TFX's Evaluator, beside
            which lie `verdict.json` (`components.verdict.Verdict`) and `analysis.json`
            (`components.model_gate.measuring.analysis.Analysis`).
    """

    SPEC_CLASS = ModelGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        predictions: types.BaseChannel,
        evaluation: types.BaseChannel,
        model: types.BaseChannel,
        infra_blessing: types.BaseChannel,
        baseline_model: types.BaseChannel | None = None,
        crfsuite: types.BaseChannel | None = None,
        scheme: str,
        options: Evaluation,
        code: str = "",
    ) -> None:
        """Args:
        predictions: Predictor's: the candidate's answers, and the baseline's if there is one.
        evaluation: the Evaluator's, whose primary metric must be that of the answers.
        model: the candidate.
        infra_blessing: ServingCheck's, whose rules are the gate's too.
        baseline_model: the latest blessed model; may hold none.
        crfsuite: CrfsuiteBaseline's answers.
        scheme: that models train in; "PLAIN" for plain tags. Gold tags it cannot read are plain.
        options: the rules' bounds, slices and intervals.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            ModelGateSpec(
                predictions=predictions,
                evaluation=evaluation,
                model=model,
                infra_blessing=infra_blessing,
                baseline_model=baseline_model,
                crfsuite=crfsuite,
                scheme=scheme,
                # Ordered: the text is part of the cache key.
                options=msgspec.json.encode(options, order="deterministic").decode(),
                code=code,
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            )
        )
