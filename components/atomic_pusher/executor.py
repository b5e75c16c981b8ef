"""AtomicPusher's work."""

import hashlib
import logging
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.evaluator import constants as evaluator_constants
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.atomic_pusher import versions
from components.entity_metrics import results

log = logging.getLogger("tagline.pusher")

SETTINGS = "settings.yaml"

# Custom properties of the PushedModel artifact.
PUSHED = "pushed"
DUPLICATE = "duplicate"
VERSION = "pushed_version"
DESTINATION = "pushed_destination"


class Executor(base_executor.BaseExecutor):
    """Pushes, or says why not."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises:
        versions.DuplicateVersion: another push to the same folder came first.
        ValueError: the destination is no folder of this machine's file system, where alone a rename is atomic.
        """
        destination = exec_properties["destination"]
        if "://" in destination:
            raise ValueError(
                f"destination: found {destination}; expected a mounted folder, since only there "
                "is a version put in place by one rename"
            )
        pushed = artifact_utils.get_single_instance(output_dict["pushed_model"])
        refusal = _refusal(input_dict)
        if refusal:
            pushed.set_int_custom_property(PUSHED, 0)
            log.info("not pushed: %s", refusal)
            return
        model = artifact_utils.get_single_instance(input_dict["model"])
        source = Path(path_utils.serving_model_path(model.uri))
        base = Path(destination)
        with versions.only_push(base):
            versions.discard_abandoned(base)
            version_dir = _holding(source, base)
            duplicate = version_dir is not None
            if version_dir is None:
                version_dir = self._push(source, base, input_dict, exec_properties["settings"])
        if duplicate:
            log.warning("%s is this very model already: a duplicate is not pushed", version_dir)
        pushed.set_int_custom_property(PUSHED, 1)
        pushed.set_int_custom_property(DUPLICATE, int(duplicate))
        pushed.set_int_custom_property(VERSION, int(version_dir.name))
        pushed.set_string_custom_property(DESTINATION, str(version_dir))

    def _push(
        self, source: Path, base: Path, input_dict: dict[str, list[types.Artifact]], settings: str
    ) -> Path:
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        evaluation = artifact_utils.get_single_instance(input_dict["evaluation"])
        about = {
            "pushed_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "run_id": (self._context.pipeline_run_id if self._context else None) or "",
            "metrics": results.read(evaluation.uri).overall,
            "settings_sha256": hashlib.sha256(settings.encode()).hexdigest(),
            "data_fingerprint": examples.get_string_custom_property("data_fingerprint"),
        }
        version_dir = versions.push(
            source, base, versions.next_version(base), extra={SETTINGS: settings}, about=about
        )
        log.info("pushed version %s", version_dir)
        return version_dir


def _holding(source: Path, base: Path) -> Path | None:
    """The latest version, if it is made of the files of `source`."""
    latest = versions.versions(base)[-1:]
    sums = versions.file_sums(source)
    return next(
        (base / str(version) for version in latest if versions.holds(base / str(version), sums)), None
    )


def _refusal(input_dict: dict[str, list[types.Artifact]]) -> str:
    """Why the model may not be pushed; empty if it may."""
    model_blessing = artifact_utils.get_single_instance(input_dict["model_blessing"])
    infra_blessing = artifact_utils.get_single_instance(input_dict["infra_blessing"])
    if model_blessing.get_int_custom_property(evaluator_constants.ARTIFACT_PROPERTY_BLESSED_KEY) != 1:
        return "the Evaluator did not bless the model"
    if infra_blessing.get_int_custom_property("blessed") != 1:
        return "ServingCheck did not bless the model"
    return ""
