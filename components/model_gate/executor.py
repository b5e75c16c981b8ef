"""ModelGate's executor."""

import logging
from pathlib import Path
from typing import Any

import msgspec
from tfx import types
from tfx.components.evaluator import constants
from tfx.components.util.model_utils import is_model_blessed
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import digests
from components.metrics import results
from components.metrics.names import PRIMARY
from components.model_gate.floors import require_data
from components.model_gate.options import Evaluation
from components.model_gate.rules import rules
from components.predictor import answer, most_frequent_tag
from components.scores import analysis
from components.scores.measure import measure
from components.scores.slice_scores import BASELINE, CANDIDATE, CRFSUITE
from components.serving_check.verdict import ServingVerdict
from components.verdict import Verdict
from tagging.schemes import scheme_named

log = logging.getLogger("tagline.model_gate")

NAME = "ModelGate"
# Custom property of the blessing: the digest of the model's part for servers, which AtomicPusher pushes or nothing.
BLESSED_DIGEST = "blessed_sha256"


class Executor(base_executor.BaseExecutor):
    """Scores the recorded answers, applies the rules, and writes the scores and the verdict."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `verdict.json` and `analysis.json`, and set the blessing.

        Raises:
            floors.FloorWithoutData: a floor for data that the test split does not have.
            measure.OtherSentences: models did not answer the same sentences.
            digests.Changed: the model is not what the Trainer made.
        """
        options = msgspec.json.decode(exec_properties["options"], type=Evaluation)
        scheme = scheme_named(exec_properties["scheme"])
        measured = measure(_files(input_dict), scheme, options.scores)
        # A mistake in the settings stops the run: NOT_BLESSED would blame the model.
        require_data(
            options.floor_targets, plain=measured.plain, labels=measured.labels, values=measured.values
        )
        evaluation = results.read(artifact_utils.get_single_uri(input_dict["evaluation"]))
        served = ServingVerdict.read(artifact_utils.get_single_uri(input_dict["infra_blessing"]))
        predictions = artifact_utils.get_single_uri(input_dict["predictions"])
        own_rules = rules(
            measured,
            options,
            evaluator_primary=evaluation.overall[PRIMARY],
            evaluator_blessed=is_model_blessed(
                artifact_utils.get_single_instance(input_dict["evaluator_blessing"])
            ),
            most_frequent_tag=most_frequent_tag.read(predictions) if measured.plain else None,
            no_crfsuite=_no_crfsuite(input_dict),
        )
        verdict = Verdict.of(NAME, [*own_rules, *served.rules])
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        verdict.write(blessing.uri)
        Path(blessing.uri, analysis.FILE_NAME).write_text(measured.analysis.to_json(), encoding="utf-8")
        _bless(blessing, verdict.blessed, input_dict)
        for reason in verdict.reasons:
            log.info("not blessed: %s", reason)


def _files(input_dict: dict[str, list[types.Artifact]]) -> dict[str, Path]:
    predictions = Path(artifact_utils.get_single_uri(input_dict["predictions"]))
    files = {CANDIDATE: predictions / answer.CANDIDATE}
    if input_dict.get("baseline_model"):
        files[BASELINE] = predictions / answer.BASELINE
    if input_dict.get("crfsuite") and not _no_crfsuite(input_dict):
        files[CRFSUITE] = Path(artifact_utils.get_single_uri(input_dict["crfsuite"]), answer.CRFSUITE)
    return files


def _no_crfsuite(input_dict: dict[str, list[types.Artifact]]) -> str:
    """Why there is no CRFsuite to compare with; empty if there is."""
    if not input_dict.get("crfsuite"):
        return "evaluation.crfsuite.enabled is false"
    reason = Path(artifact_utils.get_single_uri(input_dict["crfsuite"]), answer.SKIPPED)
    return reason.read_text(encoding="utf-8") if reason.exists() else ""


def _bless(blessing: types.Artifact, blessed: bool, input_dict: dict[str, list[types.Artifact]]) -> None:
    """Bless or refuse as TFX's Evaluator does, so that readers of its blessings can read this one."""
    model = artifact_utils.get_single_instance(input_dict["model"])
    blessing.set_string_custom_property(BLESSED_DIGEST, digests.served_digest(model))
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
