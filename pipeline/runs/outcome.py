"""The outcome of a run: a few words about each component, and a record that `tagline status` reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import MEASURES
from components.metrics.display_names import display_name
from components.predictor.answer import SKIPPED
from components.scores.analysis import FILE_NAME as ANALYSIS
from components.scores.analysis import Analysis
from components.verdict import FILE_NAME as VERDICT
from components.verdict import Verdict
from files import atomic
from pipeline.runs.lineage import Lineage, Step
from pipeline.settings import SettingsError
from serving.batch.measures import Measures

LAST_RUN = "last_run.json"


class Outcome(msgspec.Struct, frozen=True):
    """A finished run.

    Attributes:
        run_id: of the pipeline run.
        seconds: wall time by component.
        cached: components answered from the cache.
        came_out: a few words by component.
        pushed_to: the folder of the version that serves this run's model; empty if a gate refused it.
        duplicate: that version held this very model before the run.
        refusals: why gates refused it, also if it was pushed by force; empty if they did not.
        report: the page.
        log: the log file.
        forced: the reason for which it was pushed against the verdict; empty if it was not.
        not_forced: why it could not be forced; empty if that was not tried.
        counted: what Beam's workers counted, in words, by component that was not cached.
    """

    run_id: str
    seconds: dict[str, float]
    cached: list[str]
    came_out: dict[str, str]
    pushed_to: str
    duplicate: bool
    refusals: list[str]
    report: str
    log: str
    forced: str = ""
    not_forced: str = ""
    counted: dict[str, str] = {}

    def save(self, run_dir: Path) -> None:
        """Write it as the last run of a pipeline, in one step."""
        atomic.write(run_dir / LAST_RUN, msgspec.json.format(msgspec.json.encode(self), indent=2))


def load(run_dir: Path) -> Outcome | None:
    """Read the last finished run; None before the first.

    Raises:
        SettingsError: a record that this version cannot read.
    """
    path = run_dir / LAST_RUN
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except ValueError as error:  # bytes that are no UTF-8, too
        raise SettingsError(
            f"{path}: not the record of a run as this version writes it ({error}); the next `tagline run` replaces it"
        ) from error


def describe(step: Step) -> str:
    """Describe the outputs of a component in a few words."""
    description = _DESCRIPTIONS.get(step.component)
    return description(step) if description and step.outputs else ""


def counted(step: Step) -> str:
    """What Beam's workers counted in one of Tagline's components, in words; empty without counts, or from the cache."""
    if step.cached:
        return ""
    for artifact in (artifact for artifacts in step.outputs.values() for artifact in artifacts):
        if MEASURES in artifact.properties:
            return _counts_text(Measures.from_json(str(artifact.properties[MEASURES])))
    return ""


def _counts_text(measures: Measures) -> str:
    counters = [f"{count:,} {name}" for name, count in measures.counters.items() if count]
    spreads = [
        f"{name.replace('_', ' ')} {spread.min:,} to {spread.max:,}, {spread.mean:.1f} on average"
        for name, spread in measures.spreads.items()
        if spread.count
    ]
    return ", ".join([*counters, *spreads])


def refusals(lineage: Lineage, run_id: str) -> list[str]:
    """Read why ModelGate refused the run's model; empty if it did not."""
    gate = lineage.step(run_id, "ModelGate")
    if gate is None or gate.only("blessing").properties.get("blessed") == 1:
        return []
    return [f"ModelGate did not bless it: {reason}" for reason in _verdict(gate).reasons]


def _verdict(step: Step) -> Verdict:
    return Verdict.from_json(Path(step.only("blessing").uri, VERDICT).read_bytes())


def _document(uri: str, name: str) -> Any:
    return json.loads(Path(uri, name).read_text(encoding="utf-8"))


def _corpus_gen(step: Step) -> str:
    corpus = _document(step.only("examples").uri, "corpus.json")
    splits = corpus["splits"]
    sentences = ", ".join(f"{name} {split['sentences']:,}" for name, split in splits.items())
    tokens = sum(split["tokens"] for split in splits.values())
    repairs = sum(split["repairs"] for split in splits.values())
    repaired = f"; {repairs:,} tags repaired" if repairs else ""
    return f"{sentences} sentences, {tokens:,} tokens, {corpus['scheme']}{repaired}"


def _schema(step: Step) -> str:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    text = Path(step.only("schema").uri, "schema.pbtxt").read_text(encoding="utf-8")
    return f"{len(text_format.Parse(text, schema_pb2.Schema()).feature)} features"


def _gate(step: Step) -> str:
    verdict = CorpusGateVerdict.read(step.only("verdict").uri)
    warnings = verdict.report.count_of("warning")
    return f"passed; {warnings:,} warning{'s' * (warnings != 1)}" if warnings else "passed"


def _transform(step: Step) -> str:
    assets = Path(step.only("transform_graph").uri, "transform_fn", "assets")
    counts = {name: len((assets / name).read_bytes().splitlines()) for name in ("words", "tags")}
    return f"{counts['words']:,} words, {counts['tags']:,} tags"


def _tuner(step: Step) -> str:
    trials = _document(step.only("tuner_results").uri, "tuner_results.json")
    return f"{trials[0]['score']:.4f} on dev, the best of {len(trials)} trials"


def _trainer(step: Step) -> str:
    history = _document(step.only("model").uri, "Format-Serving/assets.extra/training_history.json")
    best = history["epochs"][history["best"] - 1]
    epochs = f"epoch {best['number']} of {len(history['epochs'])}"
    return f"{display_name(history['metric'])} {best['dev_score']:.4f} on dev, {epochs}{_median(step)}"


def _median(step: Step) -> str:
    """Of how many seeds a model is the median, and their range; empty of one that was trained alone."""
    path = Path(step.only("model").uri, "Format-Serving/assets.extra/training_seeds.json")
    if not path.exists():
        return ""
    seeds = json.loads(path.read_text(encoding="utf-8"))
    diverged = f", {len(seeds['diverged'])} more diverged" if seeds.get("diverged") else ""
    return (
        f", seed {seeds['chosen']}, the median of {len(seeds['seeds'])} "
        f"({seeds['lowest']:.4f} to {seeds['highest']:.4f}){diverged}"
    )


def _baseline(step: Step) -> str:
    models = step.outputs.get("model", [])
    return f"model {models[0].id}" if models else "none yet"


def _evaluator(step: Step) -> str:
    from components.metrics import results

    # The candidate's alone: of a baseline in another scheme the Evaluator's scores mean nothing.
    evaluation = results.read(step.only("evaluation").uri)
    return f"{evaluation.primary_name} {evaluation.overall['primary']:.4f} on test"


def _answers(step: Step) -> str:
    """How many sentences were answered, a line of the file each, and by which models."""
    folder = Path(step.only("predictions").uri)
    files = sorted(folder.glob("*.jsonl.gz"))
    if not files:
        return f"skipped: {(folder / SKIPPED).read_text(encoding='utf-8')}"
    with gzip.open(files[0], "rb") as file:
        count = sum(1 for _ in file)
    both = ", and the latest blessed model's" if len(files) > 1 else ""
    return f"{count:,} answers{both}"


def _model_gate(step: Step) -> str:
    verdict = _verdict(step)
    if not verdict.blessed:
        more = f" (and {len(verdict.reasons) - 1} more)" if len(verdict.reasons) > 1 else ""
        return f"NOT blessed: {verdict.reasons[0].splitlines()[0]}{more}"
    analysis = Analysis.from_json(Path(step.only("blessing").uri, ANALYSIS).read_bytes())
    score = analysis.overall.candidate[analysis.primary]
    interval = "" if score.low is None else f" ({score.low:.4f} to {score.high:.4f})"
    skipped = sum(bool(rule.skipped) for rule in verdict.rules)
    applied = len(verdict.rules) - skipped
    rules = f"{applied} rule{'s' * (applied != 1)}" + (f", {skipped} skipped" if skipped else "")
    before = analysis.overall.baseline.get(analysis.primary)
    compared = f", latest blessed {before.value:.4f}" if before else ""
    return f"blessed by {rules}: {display_name(analysis.primary)} {score.value:.4f}{interval}{compared}"


def _serving_check(step: Step) -> str:
    verdict = _document(step.only("blessing").uri, "verdict.json")
    if not verdict["blessed"]:
        return f"NOT blessed: {verdict['reasons'][0].splitlines()[0]}"
    p99 = f", p99 {verdict['p99_ms']} ms" if verdict.get("p99_ms") is not None else ""
    return f"blessed: {verdict['answers']} answers as in memory, median {verdict['median_ms']} ms{p99}"


def _pusher(step: Step) -> str:
    properties = step.only("pushed_model").properties
    if properties.get("duplicate"):
        return f"{properties['pushed_destination']} is this model already: nothing new to push"
    where = str(properties.get("pushed_destination") or "not pushed")
    return f"{where}, forced: {properties['forced']}" if properties.get("forced") else where


def _report(step: Step) -> str:
    return str(Path(step.only("report").uri, "index.html"))


_DESCRIPTIONS: dict[str, Callable[[Step], str]] = {
    "CorpusGen": _corpus_gen,
    "SchemaGen": _schema,
    "ImportSchemaGen": _schema,
    "CorpusGate": _gate,
    "Transform": _transform,
    "Tuner": _tuner,
    "Trainer": _trainer,
    "BaseModel": _baseline,
    "Baseline": _baseline,
    "Evaluator": _evaluator,
    "Predictor": _answers,
    "CrfsuiteBaseline": _answers,
    "ServingCheck": _serving_check,
    "ModelGate": _model_gate,
    "AtomicPusher": _pusher,
    "Report": _report,
}
