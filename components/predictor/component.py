"""Predictor's contract."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import Examples, Model

from components.artifacts import Predictions
from components.contract import Component, channels, optional_channels, parameters
from components.predictor.executor import Executor


class PredictorSpec(ComponentSpec):
    PARAMETERS = parameters(scheme=str, split=str, slice_by=str, code=str)
    INPUTS = channels(examples=Examples, model=Model) | optional_channels(baseline_model=Model)
    OUTPUTS = channels(predictions=Predictions)


class Predictor(Component):
    """Records the answers of the candidate and of the latest blessed model to every sentence of a split.

    Outputs:
        predictions: `Predictions` with `candidate.jsonl.gz` and, if there is a baseline, `baseline.jsonl.gz`; for plain
            tags also with what the most frequent tag of each word reaches.
    """

    SPEC_CLASS = PredictorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        model: BaseChannel,
        baseline_model: BaseChannel | None = None,
        scheme: str,
        split: str = "test",
        slice_by: Sequence[str] = (),
        code: str = "",
    ) -> None:
        """Args:
        examples: the corpus; the entities of its train split are the known ones.
        model: the candidate.
        baseline_model: the latest blessed model; the channel may be empty.
        scheme: that models train in; "PLAIN" for plain tags. Gold tags it cannot read are plain.
        split: whose sentences are answered.
        slice_by: features of the examples to write beside each answer.
        code: a hash of the code behind this component; it only serves the cache.
        """
        super().__init__(
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            scheme=scheme,
            split=split,
            slice_by=list(slice_by),
            code=code,
        )
