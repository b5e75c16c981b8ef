"""Predictor's contract."""

import json
from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Predictions
from components.predictor.executor import Executor


class PredictorSpec(ComponentSpec):
    PARAMETERS = {
        "scheme": ExecutionParameter(type=str),
        "split": ExecutionParameter(type=str),
        "slice_by": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {"predictions": ChannelParameter(type=Predictions)}


class Predictor(base_component.BaseComponent):
    """Writes what the candidate and the latest blessed model answer to every sentence of a split.

    Outputs:
        predictions: `Predictions` with `candidate.jsonl.gz` and, if there is a baseline, `baseline.jsonl.gz`.
    """

    SPEC_CLASS = PredictorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        baseline_model: types.BaseChannel | None = None,
        scheme: str,
        split: str = "test",
        slice_by: Sequence[str] = (),
        code: str = "",
    ) -> None:
        """Args:
        examples: the corpus; its train split tells which entities are known.
        model: the candidate.
        baseline_model: the latest blessed model; may hold none.
        scheme: that models train in; "PLAIN" for plain tags. Gold tags it cannot read are plain.
        split: that is answered.
        slice_by: features of the examples to write beside each answer.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            PredictorSpec(
                examples=examples,
                model=model,
                baseline_model=baseline_model,
                scheme=scheme,
                split=split,
                slice_by=json.dumps(list(slice_by)),
                code=code,
                predictions=types.Channel(type=Predictions),
            )
        )
