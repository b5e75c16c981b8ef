"""What became of each run, read from the metadata store and the JSON beside the artifacts. No TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from components.model_gate.measuring import analysis as analyses
from components.model_gate.measuring.analysis import Analysis
from components.verdict import FILE_NAME as VERDICT
from components.verdict import Verdict
from pipeline.runs.lineage import Lineage, Made, RunSteps, Step
from pipeline.settings import SettingsError
from serving.registry.manifest import BrokenManifest, manifest

# Older runs had no gate of its own for the model: the Evaluator blessed.
_GATES = ("ModelGate", "Evaluator")

# How the ids of runs begin that only search for better settings: they are to make no model.
SEARCH = "tune-"

Ending = Literal["pushed", "in place", "forced", "refused", "broken", "not ended"]


@dataclass(frozen=True)
class PastRun:
    """A run and what became of it.

    Attributes:
        steps: what it made.
        fingerprint: of its data; empty if it did not get so far.
        model: id of the model's artifact; None without one.
        primary: the metric of the two scores, such as `entity_f1_strict`; empty if there is none.
        test, dev: its values, 0..1; None where they are not known.
        ending: what became of the model.
        version: the pushed version that is this model; None if there is none.
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
        told = {
            "pushed": f"pushed as {version}",
            "in place": f"{version} is this model already",
            "forced": f"FORCED as {version}: {self.why}",
            "refused": f"refused: {self.why}",
            "broken": f"broken in {self.why}",
            "not ended": f"not ended: {self.why}",
        }
        return told[self.ending]


def past_runs(database: Path) -> list[PastRun]:
    """All runs of the line in a pipeline's metadata, the newest first; none where there is no metadata."""
    if not database.exists():
        return []
    return [_past_run(run) for run in reversed(Lineage(database).runs()) if not run.run_id.startswith(SEARCH)]


def chosen(runs: Sequence[PastRun], name: str) -> PastRun:
    """The run that is meant by `last`, `previous`, a pushed version's number, a run's id or its beginning.

    Args:
        runs: the newest first.

    Raises:
        SettingsError: none is meant, or several.
    """
    if name in ("last", "previous"):
        place = ("last", "previous").index(name)
        if place >= len(runs):
            raise SettingsError(
                f"{name}: found {len(runs)} run{'s' * (len(runs) != 1)}; expected {place + 1} or more"
            )
        return runs[place]
    of_version = [run for run in runs if name == str(run.version)]
    # Later runs that found their model in place did not make the version.
    makers = [run for run in of_version if run.ending != "in place"] or of_version
    if makers:
        return makers[-1]
    found = [run for run in runs if run.run_id.startswith(name)]
    if len(found) == 1 or any(run.run_id == name for run in found):
        return next((run for run in found if run.run_id == name), found[0])
    among = ", ".join(run.run_id for run in (found or runs)[:5]) or "no run"
    raise SettingsError(
        f"{name}: found {among}; expected the id of one run or its beginning, a pushed version's number, last or "
        "previous (`tagline report --list` shows them)"
    )


def analysis_of(run: RunSteps) -> Analysis | None:
    """What ModelGate measured; None of a run without it."""
    gate = run.steps.get("ModelGate")
    path = file_of(gate, "blessing", analyses.FILE_NAME)
    if path is None or not path.exists():
        return None
    try:
        return Analysis.from_json(path.read_bytes())
    except msgspec.DecodeError:
        return None  # as another version of Tagline wrote it


def history_of(run: RunSteps) -> dict[str, Any] | None:
    """The training's epochs, as `trainer.training.history.History` writes them; None without a training."""
    path = file_of(
        run.steps.get("Trainer"), "model", "Format-Serving", "assets.extra", "training_history.json"
    )
    return _json(path)


def verdict_of(run: RunSteps) -> Verdict | None:
    """ModelGate's verdict; None of a run without it."""
    path = file_of(run.steps.get("ModelGate"), "blessing", VERDICT)
    if path is None or not path.exists():
        return None
    try:
        return Verdict.from_json(path.read_bytes())
    except msgspec.DecodeError:
        return None


def file_of(step: Step | None, output: str, *names: str) -> Path | None:
    """A file within what a step made; None where it made nothing."""
    made = _only(step, output)
    return Path(made.uri, *names) if made else None


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
    """(the primary metric, its value): as ModelGate measured it, else as a pushed version's manifest tells."""
    found = analysis_of(run)
    if found:
        value = found.overall.candidate.get(found.primary)
        return found.primary, value.value if value else None
    pushed = _only(run.steps.get("AtomicPusher"), "pushed_model")
    try:
        about = manifest(Path(str(pushed.properties["pushed_destination"]))) if pushed else {}
    except (KeyError, BrokenManifest):
        about = {}
    return "", about.get("metrics", {}).get("primary")


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
    if stopped:
        return ("broken" if stopped[-1].failed else "not ended"), None, stopped[-1].component
    if refusal := _refusal(steps):
        return "refused", None, refusal
    last = next(reversed(steps), "its beginning")
    return "not ended", None, f"after {last}"


def _refusal(steps: dict[str, Step]) -> str:
    """The first reason why a gate did not bless; empty if all did that were asked."""
    for gate in (*_GATES, "ServingCheck"):
        blessing = _only(steps.get(gate), "blessing")
        if blessing is None or blessing.properties.get("blessed") == 1:
            continue
        document = _json(Path(blessing.uri, VERDICT)) or {}
        words = [rule["words"] for rule in document.get("rules", ()) if not rule.get("passed", True)]
        reasons = words or document.get("reasons") or [f"{gate} did not bless it"]
        return str(reasons[0]).splitlines()[0]
    return ""


def _only(step: Step | None, output: str) -> Made | None:
    made = step.outputs.get(output, []) if step and step.complete else []
    return made[0] if made else None


def _json(path: Path | None) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return None
