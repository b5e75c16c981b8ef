"""Report's work: gathers what the run's artifacts say and writes the page."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import platform
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.evaluator.constants import ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY as BASELINE_MODEL_ID
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.atomic_pusher import executor as pusher
from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import FILE_NAME as CORPUS_SUMMARY
from components.corpus_gen.summary import CorpusSummary
from components.predictor import answer
from components.report.answers.examination import Examination, examine
from components.report.answers.lengths import sentence_lengths
from components.report.page import render
from components.report.run import Made, Run
from components.report.standing import Pushed
from components.report.timings import Timing, timings
from components.scores.analysis import FILE_NAME as ANALYSIS
from components.scores.analysis import Analysis
from components.verdict import FILE_NAME as MODEL_VERDICT
from components.verdict import Verdict
from serving.registry.manifest import file_sums, manifest
from tagging.schemes import scheme_named
from trainer.export.saved_model import TRAINING_HISTORY
from trainer.export.transitions import FILE_NAME as TRANSITIONS
from trainer.export.transitions import Transitions
from trainer.initial_weights.vectors import FILE_NAME as VECTORS
from trainer.initial_weights.warm_start import FILE_NAME as WARM_START
from trainer.training.seeds import FILE_NAME as SEEDS

log = logging.getLogger("tagline.report")

PAGE = "index.html"
EXTRA = "assets.extra"
# Whose versions a reader may want to have again.
LIBRARIES = ("tagline", "tensorflow", "tfx")


class Executor(base_executor.BaseExecutor):
    """Writes `index.html`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Every input has one artifact; each holds the file that its component writes.

        What an older component did not write yet (the gate's verdict and analysis, the CRF's transitions) and what
        is optional (the predictions) is left out, and the page says so.
        """

        def only(key: str) -> types.Artifact:
            return artifact_utils.get_single_instance(input_dict[key])

        def text(key: str, *names: str) -> str:
            return Path(only(key).uri, *names).read_text(encoding="utf-8")

        examples = only("examples")
        model_dir = Path(path_utils.serving_model_path(only("model").uri))
        learned, seeds, warm, vectors = (
            model_dir / EXTRA / name for name in (TRANSITIONS, SEEDS, WARM_START, VECTORS)
        )
        judged, measured = (Path(only("model_blessing").uri, name) for name in (MODEL_VERDICT, ANALYSIS))
        corpus = CorpusSummary.from_json(text("examples", CORPUS_SUMMARY))
        run_id = (self._context.pipeline_run_id if self._context else None) or ""
        run = Run(
            run_id=run_id,
            settings=exec_properties["settings"],
            corpus=corpus,
            corpus_verdict=CorpusGateVerdict.read(only("corpus_verdict").uri),
            lengths=sentence_lengths(examples),
            history=json.loads((model_dir / EXTRA / TRAINING_HISTORY).read_text(encoding="utf-8")),
            transitions=Transitions.from_json(learned.read_bytes()) if learned.exists() else None,
            seeds=json.loads(seeds.read_bytes()) if seeds.exists() else None,
            warm_start=json.loads(warm.read_bytes()) if warm.exists() else None,
            vectors=json.loads(vectors.read_bytes()) if vectors.exists() else None,
            model_hash=_hash(model_dir),
            baseline_id=only("model_blessing").get_int_custom_property(BASELINE_MODEL_ID),
            verdict=Verdict.from_json(judged.read_bytes()) if judged.exists() else None,
            analysis=Analysis.from_json(measured.read_bytes()) if measured.exists() else None,
            examined=_examined(input_dict.get("predictions") or [], corpus),
            serving=json.loads(text("infra_blessing", MODEL_VERDICT)),
            pushed=_pushed(only("pushed_model")),
            timings=_timings(exec_properties.get("metadata") or "", run_id),
            made=tuple(
                Made(name=key, type=artifact.type_name, id=artifact.id, uri=artifact.uri)
                for key, artifacts in sorted(input_dict.items())
                for artifact in artifacts
            ),
            versions={"python": platform.python_version()}
            | {name: importlib.metadata.version(name) for name in LIBRARIES},
        )
        report = artifact_utils.get_single_instance(output_dict["report"])
        os.makedirs(report.uri, exist_ok=True)
        path = os.path.join(report.uri, PAGE)
        # Half a character in the data is no reason to have no page.
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(render(run))
        log.info("wrote %s", path)


def _examined(predictions: list[types.Artifact], corpus: CorpusSummary) -> Examination | None:
    for artifact in predictions:
        answers = answer.read(Path(artifact.uri, answer.CANDIDATE))
        return examine(answers, scheme_named(corpus.train_scheme))
    return None


def _pushed(artifact: types.Artifact) -> Pushed:
    if artifact.get_int_custom_property(pusher.PUSHED) != 1:
        return Pushed(not_forced=artifact.get_string_custom_property(pusher.NOT_FORCED))
    folder = artifact.get_string_custom_property(pusher.DESTINATION)
    return Pushed(
        folder=folder,
        version=artifact.get_int_custom_property(pusher.VERSION),
        duplicate=artifact.get_int_custom_property(pusher.DUPLICATE) == 1,
        # The manifest says it for ever: also when a later run finds this very model in place.
        forced=str(manifest(Path(folder)).get("forced", {}).get("reason", "")),
    )


def _hash(model_dir: Path) -> str:
    """SHA-256 over lines as `sha256sum` writes them, of the model's files by name."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(file_sums(model_dir).items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _timings(database: str, run_id: str) -> tuple[Timing, ...]:
    """None where the metadata are not a file of this machine, as on a cluster."""
    if not (database and run_id):
        return ()
    try:
        return tuple(timings(database, run_id))
    except (FileNotFoundError, KeyError) as error:
        log.warning("no timings on the page: %s", error)
        return ()
