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

from components.metrics import results
from components.resolvers.pushed.lookup import SETTINGS, STATISTICS
from components.serving_check.verdict import read as read_serving
from components.verdict import FILE_NAME as VERDICT
from components.verdict import Verdict
from serving.registry import versions

log = logging.getLogger("tagline.pusher")

# Custom properties of the PushedModel artifact.
PUSHED = "pushed"
DUPLICATE = "duplicate"
VERSION = "pushed_version"
DESTINATION = "pushed_destination"
FORCED = "forced"  # the reason for a push against the verdict
NOT_FORCED = "not_forced"  # why a push that was to be forced was not


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
        force = exec_properties["force"]
        against = _refusals(input_dict)
        if against and (not force or _broken(input_dict)):
            pushed.set_int_custom_property(PUSHED, 0)
            log.info("not pushed: %s", "; ".join(against))
            if force:
                pushed.set_string_custom_property(NOT_FORCED, _NO_FORCE)
                log.warning("not forced: %s", _NO_FORCE)
            return
        if force and not against:
            log.info("there is nothing to force: the gates blessed the model")
        model = artifact_utils.get_single_instance(input_dict["model"])
        source = Path(path_utils.serving_model_path(model.uri))
        base = Path(destination)
        with versions.only_push(base):
            versions.discard_abandoned(base)
            version_dir = _holding(source, base)
            duplicate = version_dir is not None
            if version_dir is None:
                forced = {"reason": force, "against": against, "at": _now()} if against else None
                version_dir = self._push(source, base, input_dict, exec_properties, forced)
                if forced:
                    pushed.set_string_custom_property(FORCED, force)
                    log.warning("pushed against the verdict, %s: %s", force, "; ".join(against))
        if duplicate:
            log.warning("%s is this very model already: a duplicate is not pushed", version_dir)
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
        version_dir = versions.push(
            source,
            base,
            versions.next_version(base),
            extra={SETTINGS: settings},
            folders=dict(zip([STATISTICS], statistics, strict=False)),
            about=about,
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


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


_NO_FORCE = "ServingCheck found that the model does not answer as it should; such a one is never pushed"


def _refusals(input_dict: dict[str, list[types.Artifact]]) -> list[str]:
    """Why the model may not be pushed, in the gates' words; empty if it may."""
    model_blessing = artifact_utils.get_single_instance(input_dict["model_blessing"])
    infra_blessing = artifact_utils.get_single_instance(input_dict["infra_blessing"])
    found = []
    if model_blessing.get_int_custom_property(evaluator_constants.ARTIFACT_PROPERTY_BLESSED_KEY) != 1:
        text = Path(model_blessing.uri, VERDICT).read_text(encoding="utf-8")
        found += Verdict.from_json(text).reasons or ["ModelGate did not bless the model"]
    if infra_blessing.get_int_custom_property("blessed") != 1:
        # The gate has ServingCheck's rules too, and says the same of them.
        found += [] if found else read_serving(infra_blessing.uri).reasons
        found = found or ["ServingCheck did not bless the model"]
    return found


def _broken(input_dict: dict[str, list[types.Artifact]]) -> bool:
    return read_serving(artifact_utils.get_single_uri(input_dict["infra_blessing"])).broken
