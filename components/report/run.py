"""Everything that a page tells of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import CorpusSummary
from components.report import standing
from components.report.answers.examination import Examination
from components.report.standing import Pushed
from components.report.timings import Timing
from components.scores.analysis import Analysis
from components.verdict import Verdict
from trainer.export.transitions import Transitions


@dataclass(frozen=True, kw_only=True)
class Made:
    """An artifact that the run made or took over: what it is to the page, its number, and where it lies."""

    name: str
    type: str
    id: int
    uri: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the page tells of. What is None or empty is left out, with a word why.

    Attributes:
        run_id: of the pipeline run.
        settings: all settings in effect, as YAML.
        corpus: CorpusGen's summary.
        corpus_verdict: CorpusGate's findings.
        lengths: by split, how many sentences have so many tokens.
        history: the training's epochs.
        transitions: what the CRF learned.
        seeds: the trainings of every seed, where there were several (`trainer.seeds.Seeds`).
        warm_start: what the training began with (`trainer.warm_start.Carried`).
        vectors: how much of the corpus the pretrained vectors know (`trainer.vectors.Coverage`).
        model_hash: SHA-256 over the model's files.
        baseline_id: the artifact of the model it is compared with; 0 where there is none.
        verdict: ModelGate's.
        analysis: what ModelGate measured.
        examined: the candidate's answers to the test split.
        serving: ServingCheck's verdict.
        pushed: what became of the model.
        timings: the components' executions.
        made: the artifacts that the page was made of.
        versions: of Python and libraries, where the page was made.
    """

    run_id: str
    settings: str
    corpus: CorpusSummary
    corpus_verdict: CorpusGateVerdict
    history: dict[str, Any]
    serving: dict[str, Any]
    pushed: Pushed
    lengths: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    transitions: Transitions | None = None
    seeds: Mapping[str, Any] | None = None
    warm_start: Mapping[str, Any] | None = None
    vectors: Mapping[str, Any] | None = None
    model_hash: str = ""
    baseline_id: int = 0
    verdict: Verdict | None = None
    analysis: Analysis | None = None
    examined: Examination | None = None
    timings: tuple[Timing, ...] = ()
    made: tuple[Made, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's."""
        return str(yaml.safe_load(self.settings)["name"])

    @property
    def reasons(self) -> list[str]:
        """Why the gates refuse the model; empty if they do not."""
        return standing.reasons(self.verdict, self.serving)

    @property
    def plain(self) -> bool:
        """Whether tags are plain, and there are no entities."""
        return self.examined.scheme.is_plain if self.examined else self.corpus.train_scheme == "PLAIN"
