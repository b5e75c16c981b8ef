"""How each run ended, read from the metadata store and the JSON beside the artifacts. Imports no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from components.scores import analysis as analyses
from components.scores.analysis import Analysis
from components.verdict import FILE_NAME as VERDICT
from components.verdict import Verdict
from pipeline.runs.lineage import Artifact, Lineage, RunSteps, Step
from pipeline.settings import SettingsError

# The ids of runs that only search for better settings, and make no model, begin so.
SEARCH_PREFIX = "tune-"

Ending = Literal["pushed", "in place", "forced", "refused", "broken", "not ended"]


@dataclass(frozen=True)
class PastRun:
    """A run and how it ended.

    Attributes:
        steps: its steps and their artifacts.
        fingerprint: of its data; empty if it stopped before CorpusGen ended.
        model: id of the model's artifact; None without one.
        primary: the metric of the two scores, such as `entity_f1_strict`; empty without a score.
        test, dev: the scores on the splits, 0..1; None where the run did not get so far.
        ending: what happened to the model.
        version: the pushed version that is this model; None if it was not pushed.
        why: the first reason of a refusal, the reason given for a force, or where the run stopped.
        report: the page; None without one.
    """

    steps: RunSteps
    fingerprint: str
    model: int | None
    primary: str
    test: float | None
    dev: float | None
    ending: Ending
    version: int | None
    why: str
    report: Path | None

    @property
    def run_id(self) -> str:
        return self.steps.run_id

    @property
    def began(self) -> datetime:
        return self.steps.began

    @property
    def verdict(self) -> str:
        """The ending in words."""
        version = f"version {self.version}"
        words = {
            "pushed": f"pushed as {version}",
            "in place": f"{version} is this model already",
            "forced": f"FORCED as {version}: {self.why}",
            "refused": f"refused: {self.why}",
            "broken": f"broken in {self.why}",
            "not ended": f"did not end: {self.why}",
        }
        return words[self.ending]


def past_runs(database: Path) -> list[PastRun]:
    """Read all runs in a pipeline's metadata but searches, the newest first; none without metadata."""
    if not database.exists():
        return []
    return [
        _past_run(run)
        for run in reversed(Lineage(database).runs())
        if not run.run_id.startswith(SEARCH_PREFIX)
    ]


def find_run(runs: Sequence[PastRun], name: str) -> PastRun:
    """Find a run by `last`, `previous`, a pushed version's number, its id or the beginning of its id.

    Args:
        runs: the newest first.

    Raises:
        SettingsError: no run matches, or several do.
    """
    if name in ("last", "previous"):
        place = ("last", "previous").index(name)
        if place >= len(runs):
            raise SettingsError(
                f"{name}: found {len(runs)} run{'s' * (len(runs) != 1)}; expected {place + 1} or more"
            )
        return runs[place]
    of_version = [run for run in runs if name == str(run.version)]
    # Later runs whose model was in place already did not make the version.
    makers = [run for run in of_version if run.ending != "in place"] or of_version
    if makers:
        return makers[-1]
    matches = [run for run in runs if run.run_id.startswith(name)]
    if len(matches) == 1 or any(run.run_id == name for run in matches):
        return next((run for run in matches if run.run_id == name), matches[0])
    candidates = ", ".join(run.run_id for run in (matches or runs)[:5]) or "no run"
    raise SettingsError(
        f"{name}: found {candidates}; expected the id of one run or its beginning, a pushed version's number, last or "
        "previous (`tagline report --list` shows them)"
    )


def analysis_of(run: RunSteps) -> Analysis | None:
    """Read what ModelGate measured; None of a run that it did not measure."""
    path = file_of(run.steps.get("ModelGate"), "blessing", analyses.FILE_NAME)
    return Analysis.from_json(path.read_bytes()) if path and path.exists() else None


def history_of(run: RunSteps) -> dict[str, Any] | None:
    """Read the training's epochs, as `trainer.training.history.History` writes them; None without a training."""
    path = file_of(
        run.steps.get("Trainer"), "model", "Format-Serving", "assets.extra", "training_history.json"
    )
    return _json(path)


def verdict_of(run: RunSteps) -> Verdict | None:
    """Read ModelGate's verdict; None of a run without it."""
    path = file_of(run.steps.get("ModelGate"), "blessing", VERDICT)
    return Verdict.from_json(path.read_bytes()) if path and path.exists() else None


def file_of(step: Step | None, output: str, *names: str) -> Path | None:
    """The path of a file of a step's output; None without that output."""
    artifact = _only(step, output)
    return Path(artifact.uri, *names) if artifact else None


def _past_run(run: RunSteps) -> PastRun:
    steps = run.steps
    model, examples = _only(steps.get("Trainer"), "model"), _only(steps.get("CorpusGen"), "examples")
    ending, version, why = _ending(steps)
    report = file_of(steps.get("Report"), "report", "index.html")
    history = history_of(run)
    primary, test = _test_score(run)
    dev = None
    if history and history["epochs"]:
        primary = primary or history["metric"]
        dev = history["epochs"][history["best"] - 1]["dev_score"]
    return PastRun(
        steps=run,
        fingerprint=str(examples.properties.get("data_fingerprint", "")) if examples else "",
        model=model.id if model else None,
        primary=primary,
        test=test,
        dev=dev,
        ending=ending,
        version=version,
        why=why,
        report=report if report and report.exists() else None,
    )


def _test_score(run: RunSteps) -> tuple[str, float | None]:
    """The primary metric and its value, as ModelGate measured them; empty and None of a run that it did not."""
    analysis = analysis_of(run)
    if analysis is None:
        return "", None
    estimate = analysis.overall.candidate.get(analysis.primary)
    return analysis.primary, estimate.value if estimate else None


def _ending(steps: dict[str, Step]) -> tuple[Ending, int | None, str]:
    pushed = _only(steps.get("AtomicPusher"), "pushed_model")
    properties = pushed.properties if pushed else {}
    if properties.get("pushed") == 1:
        version = int(properties["pushed_version"])
        forced = str(properties.get("forced", ""))
        if forced:
            return "forced", version, forced
        return ("in place" if properties.get("duplicate") == 1 else "pushed"), version, ""
    stopped = [step for step in steps.values() if not step.complete]
    if stopped and stopped[-1].failed and stopped[-1].component == "CorpusGate":
        return "refused", None, "CorpusGate stopped the run"
    if stopped and stopped[-1].failed:
        return "broken", None, stopped[-1].component
    if stopped:
        component = stopped[-1].component
        where = f"{component} is running, or was killed" if stopped[-1].running else f"stopped in {component}"
        return "not ended", None, where
    # A gate's refusal counts once the run has come to what follows from it.
    if pushed and (refusal := _refusal(steps)):
        return "refused", None, refusal
    last = next(reversed(steps), "its beginning")
    return "not ended", None, f"stopped after {last}"


def _refusal(steps: dict[str, Step]) -> str:
    """The first reason of the first gate that did not bless; empty if both did."""
    for gate in ("ModelGate", "ServingCheck"):
        blessing = _only(steps.get(gate), "blessing")
        if blessing is None or blessing.properties.get("blessed") == 1:
            continue
        document = _json(Path(blessing.uri, VERDICT)) or {}
        words = [rule["words"] for rule in document.get("rules", ()) if not rule.get("passed", True)]
        reasons = words or document.get("reasons") or [f"{gate} did not bless it"]
        return str(reasons[0]).splitlines()[0]
    return ""


def _only(step: Step | None, output: str) -> Artifact | None:
    artifacts = step.outputs.get(output, []) if step and step.complete else []
    return artifacts[0] if artifacts else None


def _json(path: Path | None) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return None
