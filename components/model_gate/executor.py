"""ModelGate's work."""

import logging
import os
from pathlib import Path
from typing import Any

import msgspec
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import verdict
from components.metrics import results
from components.metrics.names import PRIMARY
from components.model_gate.floors import require_data
from components.model_gate.measuring import analysis
from components.model_gate.measuring.measure import measure
from components.model_gate.measuring.slice_scores import BASELINE, CANDIDATE, CRFSUITE
from components.model_gate.options import Evaluation
from components.model_gate.rules import rules
from components.predictor import answer
from components.serving_check.verdict import read as read_serving
from components.verdict import Verdict
from tagging.schemes import scheme_named

log = logging.getLogger("tagline.model_gate")

NAME = "ModelGate"


class Executor(base_executor.BaseExecutor):
    """Measures, judges and writes down both."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises:
        floors.FloorWithoutData: a floor for what the test split does not have.
        measure.OtherSentences: models did not answer the same sentences.
        """
        options = msgspec.json.decode(exec_properties["options"], type=Evaluation)
        measured = measure(_files(input_dict), scheme_named(exec_properties["scheme"]), options)
        # A mistake in the settings stops the run: NOT_BLESSED would blame the model.
        require_data(options.asked, plain=measured.plain, labels=measured.labels, values=measured.values)
        evaluation = results.read(artifact_utils.get_single_uri(input_dict["evaluation"]))
        infra_blessing = artifact_utils.get_single_instance(input_dict["infra_blessing"])
        found = Verdict.of(
            NAME,
            [
                *rules(measured, options, evaluator_primary=evaluation.overall[PRIMARY]),
                *read_serving(infra_blessing.uri).rules,
            ],
        )
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        os.makedirs(blessing.uri, exist_ok=True)
        Path(blessing.uri, verdict.FILE_NAME).write_text(found.to_json(), encoding="utf-8")
        Path(blessing.uri, analysis.FILE_NAME).write_text(measured.analysis.to_json(), encoding="utf-8")
        _bless(blessing, found.blessed, input_dict)
        for reason in found.reasons:
            log.info("not blessed: %s", reason)


def _files(input_dict: dict[str, list[types.Artifact]]) -> dict[str, Path]:
    predictions = Path(artifact_utils.get_single_uri(input_dict["predictions"]))
    files = {CANDIDATE: predictions / answer.CANDIDATE}
    if input_dict.get("baseline_model"):
        files[BASELINE] = predictions / answer.BASELINE
    if input_dict.get("crfsuite"):
        files[CRFSUITE] = Path(artifact_utils.get_single_uri(input_dict["crfsuite"]), answer.CRFSUITE)
    return files


def _bless(blessing: types.Artifact, blessed: bool, input_dict: dict[str, list[types.Artifact]]) -> None:
    """As TFX's Evaluator does, so that whatever reads its blessings can read this one."""
    model = artifact_utils.get_single_instance(input_dict["model"])
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    for baseline in input_dict.get("baseline_model") or []:
        blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    Path(blessing.uri, name).touch()
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
