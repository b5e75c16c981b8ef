"""AtomicPusher's executor."""

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

from components.metrics import results
from components.model_gate.executor import BLESSED_DIGEST
from components.serving_check.verdict import ServingVerdict
from components.verdict import Verdict
from serving.registry import pushing
from serving.registry.manifest import file_sums, holds
from serving.registry.version_folder import SETTINGS, STATISTICS, versions_in

log = logging.getLogger("tagline.pusher")

# Custom properties of the PushedModel artifact.
PUSHED = "pushed"
DUPLICATE = "duplicate"
VERSION = "pushed_version"
DESTINATION = "pushed_destination"
FORCED = "forced"  # the reason for a push against the verdict
NOT_FORCED = "not_forced"  # why a push could not be forced

_NO_FORCE = "ServingCheck found that the model does not answer as it should; such a model is never pushed"


class Executor(base_executor.BaseExecutor):
    """Pushes a model, or logs why not."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises:
        pushing.DuplicateVersion: another push to the same folder came first.
        pushing.NotBlessed: the model is not the one that ModelGate judged.
        ValueError: the destination is not a folder of a mounted file system, where alone a rename is atomic.
        """
        destination = exec_properties["destination"]
        if "://" in destination:
            raise ValueError(
                f"destination: found {destination}; expected a mounted folder, since only there "
                "one rename puts a version in place"
            )
        pushed = artifact_utils.get_single_instance(output_dict["pushed_model"])
        force = exec_properties["force"]
        refusals = _refusals(input_dict)
        if refusals and (not force or _broken(input_dict)):
            pushed.set_int_custom_property(PUSHED, 0)
            log.info("not pushed: %s", "; ".join(refusals))
            if force:
                pushed.set_string_custom_property(NOT_FORCED, _NO_FORCE)
                log.warning("not forced: %s", _NO_FORCE)
            return
        if force and not refusals:
            log.info("nothing to force: the gates blessed the model")
        model = artifact_utils.get_single_instance(input_dict["model"])
        source = Path(path_utils.serving_model_path(model.uri))
        base = Path(destination)
        with pushing.only_push(base):
            pushing.discard_abandoned(base)
            version_dir = _latest_if_same(source, base)
            duplicate = version_dir is not None
            if version_dir is None:
                forced = {"reason": force, "against": refusals, "at": _now()} if refusals else None
                version_dir = self._push(source, base, input_dict, exec_properties, forced)
                if forced:
                    pushed.set_string_custom_property(FORCED, force)
                    log.warning("pushed against the verdict, %s: %s", force, "; ".join(refusals))
        if duplicate:
            log.warning("%s is this model already: it is not pushed again", version_dir)
        pushed.set_int_custom_property(PUSHED, 1)
        pushed.set_int_custom_property(DUPLICATE, int(duplicate))
        pushed.set_int_custom_property(VERSION, int(version_dir.name))
        pushed.set_string_custom_property(DESTINATION, str(version_dir))

    def _push(
        self,
        source: Path,
        base: Path,
        input_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
        forced: dict[str, Any] | None,
    ) -> Path:
        settings = exec_properties["settings"]
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        evaluation = artifact_utils.get_single_instance(input_dict["evaluation"])
        blessing = artifact_utils.get_single_instance(input_dict["model_blessing"])
        about = {
            "pushed_at": _now(),
            "run_id": (self._context.pipeline_run_id if self._context else None) or "",
            "metrics": results.read(evaluation.uri).overall,
            "settings_sha256": hashlib.sha256(settings.encode()).hexdigest(),
            "data_fingerprint": examples.get_string_custom_property("data_fingerprint"),
            "training": exec_properties.get("training") or "",
        }
        if forced:
            about["forced"] = forced
        statistics = [Path(artifact.uri) for artifact in input_dict.get("statistics") or []]
        version_dir = pushing.push(
            source,
            base,
            pushing.next_version(base),
            extra={SETTINGS: settings},
            folders=dict(zip([STATISTICS], statistics, strict=False)),
            about=about,
            blessed=blessing.get_string_custom_property(BLESSED_DIGEST),
        )
        log.info("pushed version %s", version_dir)
        return version_dir


def _latest_if_same(source: Path, base: Path) -> Path | None:
    """The latest version, if it is made of the files of `source`."""
    versions = versions_in(base)
    latest = versions[max(versions)] if versions else None
    return latest if latest and holds(latest, file_sums(source)) else None


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _refusals(input_dict: dict[str, list[types.Artifact]]) -> list[str]:
    """Why the gates refused the model, in their words; empty if both blessed it."""
    model_blessing = artifact_utils.get_single_instance(input_dict["model_blessing"])
    infra_blessing = artifact_utils.get_single_instance(input_dict["infra_blessing"])
    reasons: list[str] = []
    if model_blessing.get_int_custom_property(evaluator_constants.ARTIFACT_PROPERTY_BLESSED_KEY) != 1:
        reasons = Verdict.read(model_blessing.uri).reasons or ["ModelGate did not bless the model"]
    if infra_blessing.get_int_custom_property("blessed") != 1:
        # ModelGate checks ServingCheck's rules too, and gives the same reasons.
        reasons = reasons or ServingVerdict.read(infra_blessing.uri).reasons
        reasons = reasons or ["ServingCheck did not bless the model"]
    return reasons


def _broken(input_dict: dict[str, list[types.Artifact]]) -> bool:
    return ServingVerdict.read(artifact_utils.get_single_uri(input_dict["infra_blessing"])).broken
