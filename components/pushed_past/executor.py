"""The work of PushedModel and PushedStatistics: find, and copy, since a back end chooses where outputs lie."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.pushed_past.lookup import latest_other_model, latest_other_statistics, model_files
from serving.operations.manifest import file_sums

log = logging.getLogger("tagline.pushed_past")

# Custom property of what is found: 1, or 0 for an artifact that stands for nothing.
FOUND = "found"


class ModelExecutor(base_executor.BaseExecutor):
    """Copies the model of the latest blessed version that is not the candidate."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        candidate = artifact_utils.get_single_instance(input_dict["candidate"])
        found = artifact_utils.get_single_instance(output_dict["model"])
        sums = file_sums(Path(path_utils.serving_model_path(candidate.uri)))
        version = latest_other_model(Path(exec_properties["destination"]), sums)
        _mark(found, version)
        if version is not None:
            target = Path(path_utils.serving_model_dir(found.uri))
            for name in model_files(version):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(version / name, target / name)


class StatisticsExecutor(base_executor.BaseExecutor):
    """Copies the statistics beside the latest blessed version of other data."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        found = artifact_utils.get_single_instance(output_dict["statistics"])
        fingerprint = examples.get_string_custom_property("data_fingerprint")
        folder = latest_other_statistics(Path(exec_properties["destination"]), fingerprint)
        _mark(found, folder)
        if folder is not None:
            shutil.copytree(folder, found.uri, dirs_exist_ok=True)
            splits = sorted(path.name.removeprefix("Split-") for path in folder.glob("Split-*"))
            found.split_names = artifact_utils.encode_split_names(splits)


def _mark(artifact: types.Artifact, source: Path | None) -> None:
    artifact.set_int_custom_property(FOUND, int(source is not None))
    Path(artifact.uri).mkdir(parents=True, exist_ok=True)
    log.info("found %s", source or "none: this is the first, or no other")
