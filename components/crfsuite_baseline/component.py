"""CrfsuiteBaseline's contract."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import Examples

from components.artifacts import Predictions
from components.contract import Component, channels, parameters
from components.crfsuite_baseline.executor import Executor
from components.crfsuite_baseline.options import CrfsuiteOptions


class CrfsuiteBaselineSpec(ComponentSpec):
    PARAMETERS = parameters(scheme=str, split=str, slice_by=str, options=str, code=str)
    INPUTS = channels(examples=Examples)
    OUTPUTS = channels(predictions=Predictions)


class CrfsuiteBaseline(Component):
    """Trains a CRF with hand-made features on the train split and records its answers to another split.

    Outputs:
        predictions: `Predictions` with `crfsuite.jsonl.gz`: the same sentences in the same order as Predictor's; or
            with `skipped.txt`, which says why there are none.
    """

    SPEC_CLASS = CrfsuiteBaselineSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
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
        split: whose sentences are answered.
        slice_by: features of the examples to write beside each answer.
        code: a hash of the code behind this component; it only serves the cache.
        """
        super().__init__(
            examples=examples, scheme=scheme, options=options, split=split, slice_by=list(slice_by), code=code
        )
