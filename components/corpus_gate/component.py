"""CorpusGate's contract."""

from pathlib import Path

import msgspec
from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import CorpusVerdict
from components.corpus_gate.executor import CorpusGateExecutor
from corpus.options import CheckLimits, ReadOptions


class CorpusGateSpec(ComponentSpec):
    """Inputs, outputs and parameters of CorpusGate."""

    PARAMETERS = {
        "input_base": ExecutionParameter(type=str),
        "options": ExecutionParameter(type=str),
        "limits": ExecutionParameter(type=str),
        "code_hash": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies, optional=True),
        "blessed_statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
    }
    OUTPUTS = {"verdict": ChannelParameter(type=CorpusVerdict)}


class CorpusGate(base_component.BaseComponent):
    """Stops the run on a corpus that would poison a model, and says why with file and line.

    Outputs:
        verdict: `CorpusVerdict` with a `verdict.json` (`components.corpus_gate.verdict.Verdict`).
    """

    SPEC_CLASS = CorpusGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(CorpusGateExecutor)

    def __init__(
        self,
        examples: types.BaseChannel,
        input_base: str | Path,
        statistics: types.BaseChannel | None = None,
        anomalies: types.BaseChannel | None = None,
        blessed_statistics: types.BaseChannel | None = None,
        options: ReadOptions | None = None,
        limits: CheckLimits | None = None,
        code_hash: str = "",
    ) -> None:
        """Constructs the component; looks at no file.

        Args:
            examples: what CorpusGen made of the corpus.
            input_base: the same folder or file that CorpusGen reads.
            statistics: of the examples, by StatisticsGen.
            anomalies: of the examples, by ExampleValidator.
            blessed_statistics: of the examples of the latest blessed model, to measure drift from.
            options: the same options that CorpusGen reads by.
            limits: from where on a finding is an error.
            code_hash: a hash of the code that checks: another hash invalidates the cache.
        """
        super().__init__(
            CorpusGateSpec(
                examples=examples,
                statistics=statistics,
                anomalies=anomalies,
                blessed_statistics=blessed_statistics,
                input_base=str(input_base),
                options=_json(options or ReadOptions()),
                limits=_json(limits or CheckLimits()),
                code_hash=code_hash,
                verdict=types.Channel(type=CorpusVerdict),
            )
        )


def _json(settings: msgspec.Struct) -> str:
    # Ordered: the text is part of the cache key.
    return msgspec.json.encode(settings, order="deterministic").decode()
