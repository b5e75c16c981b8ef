"""The data of a page about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import CorpusSummary
from components.report.errors.error_analysis import ErrorAnalysis
from components.report.run_page.timings import Timing
from components.scores.analysis import Analysis
from components.serving_check.verdict import ServingVerdict
from components.verdict import Verdict
from trainer.export.transitions import Transitions


@dataclass(frozen=True, kw_only=True)
class RunArtifact:
    """An artifact behind the page: its key among Report's inputs, its type, its number, and where it lies."""

    name: str
    type: str
    id: int
    uri: str


@dataclass(frozen=True)
class Pushed:
    """Attributes:
    folder: of the version that holds the model; empty if nothing was pushed.
    version: its number.
    duplicate: whether this very model was already the latest version.
    forced: the reason for pushing it against the verdict; empty if it was not forced.
    not_forced: why a forced push was refused; empty if none was.
    """

    folder: str = ""
    version: int = 0
    duplicate: bool = False
    forced: str = ""
    not_forced: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Attributes:
    run_id: of the pipeline run.
    settings: all settings in effect, as YAML.
    corpus: CorpusGen's summary.
    corpus_verdict: CorpusGate's findings.
    lengths: by split, how many sentences have each number of tokens.
    history: the training's epochs, as `trainer.training.history.History` writes them.
    transitions: the CRF's scores.
    model_hash: SHA-256 over the model's files.
    baseline_id: the artifact of the model it is compared with; 0 without one.
    verdict: ModelGate's.
    analysis: ModelGate's scores.
    errors: in the candidate's answers to the test split.
    serving: ServingCheck's verdict.
    pushed: the result of the push.
    timings: of the components; empty where the runner keeps its metadata elsewhere.
    artifacts: the page's sources.
    versions: of Python and libraries, where the page was written.
    seeds: the trainings of every seed, if there were several (`trainer.training.seeds.Seeds`).
    warm_start: the weights that the training began with (`trainer.initial_weights.warm_start.Carried`).
    vectors: coverage of the corpus by pretrained vectors (`trainer.initial_weights.vectors.Coverage`).
    """

    run_id: str
    settings: str
    corpus: CorpusSummary
    corpus_verdict: CorpusGateVerdict
    lengths: Mapping[str, Mapping[int, int]]
    history: Mapping[str, Any]
    transitions: Transitions
    model_hash: str
    baseline_id: int
    verdict: Verdict
    analysis: Analysis
    errors: ErrorAnalysis
    serving: ServingVerdict
    pushed: Pushed
    timings: tuple[Timing, ...]
    artifacts: tuple[RunArtifact, ...]
    versions: Mapping[str, str]
    seeds: Mapping[str, Any] | None = None
    warm_start: Mapping[str, Any] | None = None
    vectors: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return str(yaml.safe_load(self.settings)["name"])

    @property
    def reasons(self) -> list[str]:
        """Why the gates refuse the model, in words; empty if they do not."""
        return list(dict.fromkeys([*self.verdict.reasons, *self.serving.reasons]))

    @property
    def plain(self) -> bool:
        """Whether tags are plain, and there are no entities."""
        return self.errors.scheme.is_plain
