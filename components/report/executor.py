"""Report's executor: reads the run's artifacts and writes the page."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import logging
import os
import platform
from collections.abc import Iterable
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
from components.report.errors.error_analysis import analyse_errors
from components.report.run_page.page import render
from components.report.run_page.run import Pushed, Run, RunArtifact
from components.report.run_page.sentence_lengths import sentence_lengths
from components.report.run_page.timings import Timing, timings
from components.scores.analysis import FILE_NAME as ANALYSIS
from components.scores.analysis import Analysis
from components.serving_check.verdict import ServingVerdict
from components.verdict import Verdict
from files.sums import digest_of
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
# Needed to reproduce the run.
LIBRARIES = ("tagline", "tensorflow", "tfx")


class Executor(base_executor.BaseExecutor):
    """Writes `index.html`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Read the files of every input, and write the page."""
        inputs = {key: artifact_utils.get_single_instance(artifacts) for key, artifacts in input_dict.items()}
        run_id = (self._context.pipeline_run_id if self._context else None) or ""
        corpus = CorpusSummary.from_json(Path(inputs["examples"].uri, CORPUS_SUMMARY).read_bytes())
        answers = answer.read(Path(inputs["predictions"].uri, answer.CANDIDATE))
        blessing = inputs["model_blessing"]
        model = Path(path_utils.serving_model_path(inputs["model"].uri))
        run = Run(
            run_id=run_id,
            settings=exec_properties["settings"],
            corpus=corpus,
            corpus_verdict=CorpusGateVerdict.read(inputs["corpus_verdict"].uri),
            lengths=sentence_lengths(inputs["examples"]),
            history=json.loads((model / EXTRA / TRAINING_HISTORY).read_bytes()),
            transitions=Transitions.from_json((model / EXTRA / TRANSITIONS).read_bytes()),
            seeds=_json_if_there(model / EXTRA / SEEDS),
            warm_start=_json_if_there(model / EXTRA / WARM_START),
            vectors=_json_if_there(model / EXTRA / VECTORS),
            model_hash=digest_of(file_sums(model)),
            baseline_id=blessing.get_int_custom_property(BASELINE_MODEL_ID),
            verdict=Verdict.read(blessing.uri),
            analysis=Analysis.from_json(Path(blessing.uri, ANALYSIS).read_bytes()),
            errors=analyse_errors(answers, scheme_named(corpus.train_scheme)),
            serving=ServingVerdict.read(inputs["infra_blessing"].uri),
            pushed=_pushed(inputs["pushed_model"]),
            timings=_timings(exec_properties["metadata"], run_id),
            artifacts=tuple(
                RunArtifact(name=key, type=artifact.type_name, id=artifact.id, uri=artifact.uri)
                for key, artifact in sorted(inputs.items())
            ),
            versions={"python": platform.python_version()} | installed_versions(LIBRARIES),
        )
        report = artifact_utils.get_single_instance(output_dict["report"])
        os.makedirs(report.uri, exist_ok=True)
        path = os.path.join(report.uri, PAGE)
        # An unpaired surrogate in the data must not prevent the page.
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(render(run))
        log.info("wrote %s", path)


def installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Look up the versions of those distributions that are installed.

    The image of a cluster's steps has Tagline's code, but not as an installed distribution.
    """
    versions = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _json_if_there(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_bytes()) if path.exists() else None


def _pushed(artifact: types.Artifact) -> Pushed:
    if artifact.get_int_custom_property(pusher.PUSHED) != 1:
        return Pushed(not_forced=artifact.get_string_custom_property(pusher.NOT_FORCED))
    folder = artifact.get_string_custom_property(pusher.DESTINATION)
    return Pushed(
        folder=folder,
        version=artifact.get_int_custom_property(pusher.VERSION),
        duplicate=artifact.get_int_custom_property(pusher.DUPLICATE) == 1,
        # From the manifest: a later run that finds this very model in place sets no such property.
        forced=str(manifest(Path(folder)).get("forced", {}).get("reason", "")),
    )


def _timings(database: str, run_id: str) -> tuple[Timing, ...]:
    """Empty where the metadata are not a file of this machine, as on a cluster."""
    if not (database and run_id):
        return ()
    try:
        return tuple(timings(database, run_id))
    except (FileNotFoundError, KeyError) as error:
        log.warning("no timings on the page: %s", error)
        return ()
