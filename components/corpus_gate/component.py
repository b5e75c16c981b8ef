"""CorpusGate's contract."""

from __future__ import annotations

from pathlib import Path

from tfx.dsl.components.base import executor_spec
from tfx.types import BaseChannel
from tfx.types.component_spec import ComponentSpec
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics

from components.artifacts import CorpusVerdict
from components.contract import Component, channels, optional_channels, parameters
from components.corpus_gate.executor import CorpusGateExecutor
from corpus.options import CheckLimits, ReadOptions


class CorpusGateSpec(ComponentSpec):
    PARAMETERS = parameters(input_base=str, options=str, limits=str, code_hash=str)
    INPUTS = channels(examples=Examples) | optional_channels(
        statistics=ExampleStatistics, anomalies=ExampleAnomalies, blessed_statistics=ExampleStatistics
    )
    OUTPUTS = channels(verdict=CorpusVerdict)


class CorpusGate(Component):
    """Stops the run on a corpus that must not be trained on, and names file and line.

    Outputs:
        verdict: `CorpusVerdict` with a `verdict.json` (`components.corpus_gate.verdict.CorpusGateVerdict`).
    """

    SPEC_CLASS = CorpusGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(CorpusGateExecutor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        input_base: str | Path,
        statistics: BaseChannel | None = None,
        anomalies: BaseChannel | None = None,
        blessed_statistics: BaseChannel | None = None,
        options: ReadOptions | None = None,
        limits: CheckLimits | None = None,
        code_hash: str = "",
    ) -> None:
        """Construct the component; reads no file.

        Args:
            examples: CorpusGen's examples of the corpus.
            input_base: the same folder or file that CorpusGen reads.
            statistics: of the examples, by StatisticsGen.
            anomalies: of the examples, by ExampleValidator.
            blessed_statistics: of the examples of the latest blessed model, to measure drift from.
            options: the same options that CorpusGen reads by.
            limits: which findings are errors.
            code_hash: a hash of the code that checks; it only serves the cache.
        """
        super().__init__(
            examples=examples,
            statistics=statistics,
            anomalies=anomalies,
            blessed_statistics=blessed_statistics,
            input_base=input_base,
            options=options or ReadOptions(),
            limits=limits or CheckLimits(),
            code_hash=code_hash,
        )
