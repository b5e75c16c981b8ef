"""ModelGate's contract."""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing, ModelEvaluation

from components.artifacts import Predictions
from components.contract import Component, channels, optional_channels, parameters
from components.model_gate.executor import Executor
from components.model_gate.options import Evaluation


class ModelGateSpec(ComponentSpec):
    PARAMETERS = parameters(scheme=str, options=str, code=str)
    INPUTS = channels(
        predictions=Predictions,
        evaluation=ModelEvaluation,
        evaluator_blessing=ModelBlessing,
        model=Model,
        infra_blessing=InfraBlessing,
    ) | optional_channels(baseline_model=Model, crfsuite=Predictions)
    OUTPUTS = channels(blessing=ModelBlessing)


class ModelGate(Component):
    """Blesses a model that meets every rule.

    Outputs:
        blessing: a `ModelBlessing` with the properties and the BLESSED or NOT_BLESSED file of TFX's Evaluator, and
            with `verdict.json` (`components.verdict.Verdict`) and `analysis.json`
            (`components.scores.analysis.Analysis`).
    """

    SPEC_CLASS = ModelGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        predictions: BaseChannel,
        evaluation: BaseChannel,
        evaluator_blessing: BaseChannel,
        model: BaseChannel,
        infra_blessing: BaseChannel,
        baseline_model: BaseChannel | None = None,
        crfsuite: BaseChannel | None = None,
        scheme: str,
        options: Evaluation,
        code: str = "",
    ) -> None:
        """Args:
        predictions: Predictor's: the candidate's answers, and the baseline's if there is one.
        evaluation: the Evaluator's, whose primary metric must be that of the answers.
        evaluator_blessing: the Evaluator's: whether the primary metric reaches the floor.
        model: the candidate.
        infra_blessing: ServingCheck's, whose rules the verdict repeats.
        baseline_model: the latest blessed model; the channel may be empty.
        crfsuite: CrfsuiteBaseline's answers, or why it gave none.
        scheme: that models train in; "PLAIN" for plain tags. Gold tags it cannot read are plain.
        options: bounds of the rules, slices and intervals.
        code: a hash of the code behind this component; it only serves the cache.
        """
        super().__init__(
            predictions=predictions,
            evaluation=evaluation,
            evaluator_blessing=evaluator_blessing,
            model=model,
            infra_blessing=infra_blessing,
            baseline_model=baseline_model,
            crfsuite=crfsuite,
            scheme=scheme,
            options=options,
            code=code,
        )
