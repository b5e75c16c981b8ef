"""Report's work: gathers what the run's artifacts say and writes the page."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.evaluator import constants as evaluator_constants
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.atomic_pusher import executor as pusher
from components.corpus_gate.verdict import FILE_NAME as CORPUS_VERDICT
from components.corpus_gate.verdict import Verdict
from components.corpus_gen.summary import FILE_NAME as CORPUS_SUMMARY
from components.corpus_gen.summary import CorpusSummary
from components.entity_metrics import results
from components.report.page import Run, render
from components.serving_check.executor import VERDICT as SERVING_VERDICT
from trainer.export import TRAINING_HISTORY

log = logging.getLogger("tagline.report")

PAGE = "index.html"
HISTORY = ("assets.extra", TRAINING_HISTORY)


class Executor(base_executor.BaseExecutor):
    """Writes `index.html`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Every input has one artifact; each holds the file that its component writes."""

        def only(key: str) -> types.Artifact:
            return artifact_utils.get_single_instance(input_dict[key])

        def text(key: str, *names: str) -> str:
            return Path(only(key).uri, *names).read_text(encoding="utf-8")

        model_dir = Path(path_utils.serving_model_path(only("model").uri))
        pushed = only("pushed_model")
        run = Run(
            corpus=CorpusSummary.from_json(text("examples", CORPUS_SUMMARY)),
            corpus_verdict=Verdict.from_json(text("corpus_verdict", CORPUS_VERDICT)),
            history=json.loads(model_dir.joinpath(*HISTORY).read_text(encoding="utf-8")),
            evaluation=results.read(only("evaluation").uri),
            blessed=only("model_blessing").get_int_custom_property(
                evaluator_constants.ARTIFACT_PROPERTY_BLESSED_KEY
            )
            == 1,
            serving=json.loads(text("infra_blessing", SERVING_VERDICT)),
            pushed_to=pushed.get_string_custom_property(pusher.DESTINATION),
            run_id=(self._context.pipeline_run_id if self._context else None) or "",
            settings=exec_properties["settings"],
        )
        report = artifact_utils.get_single_instance(output_dict["report"])
        os.makedirs(report.uri, exist_ok=True)
        path = os.path.join(report.uri, PAGE)
        with open(path, "w", encoding="utf-8") as file:
            file.write(render(run))
        log.info("wrote %s", path)
