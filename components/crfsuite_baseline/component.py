"""CrfsuiteBaseline's contract."""

import json
from collections.abc import Sequence

import msgspec
from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Predictions
from components.crfsuite_baseline.executor import Executor
from components.crfsuite_baseline.options import CrfsuiteOptions


class CrfsuiteBaselineSpec(ComponentSpec):
    PARAMETERS = {
        "scheme": ExecutionParameter(type=str),
        "split": ExecutionParameter(type=str),
        "slice_by": ExecutionParameter(type=str),
        "options": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"predictions": ChannelParameter(type=Predictions)}


class CrfsuiteBaseline(base_component.BaseComponent):
    """Trains a CRF with hand-made features on the train split and writes what it answers to another.

    Outputs:
        predictions: `Predictions` with `crfsuite.jsonl.gz`: the sentences of Predictor, in its order.
    """

    SPEC_CLASS = CrfsuiteBaselineSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        scheme: str,
        options: CrfsuiteOptions,
        split: str = "test",
        slice_by: Sequence[str] = (),
        code: str = "",
    ) -> None:
        """Args:
        examples: the corpus.
        scheme: of the gold tags; "PLAIN" for plain tags.
        options: of the training.
        split: that is answered.
        slice_by: features of the examples to write beside each answer.
        code: a hash of the code behind this component, there for the cache alone.
        """
        super().__init__(
            CrfsuiteBaselineSpec(
                examples=examples,
                scheme=scheme,
                split=split,
                slice_by=json.dumps(list(slice_by)),
                options=msgspec.json.encode(options).decode(),
                code=code,
                predictions=types.Channel(type=Predictions),
            )
        )
