"""The work of the lookups in the pushed folder: find, and copy, since a back end chooses where outputs lie."""

from __future__ import annotations

import abc
import logging
import shutil
from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.resolvers.pushed.lookup import (
    latest_of_another_training,
    latest_other_model,
    latest_other_statistics,
    model_files,
)
from serving.registry.manifest import file_sums

log = logging.getLogger("tagline.pushed_past")

# Custom property of what is found: 1, or 0 for an artifact that stands for nothing.
FOUND = "found"


class _Lookup(base_executor.BaseExecutor):
    """One artifact in, of this run; one out, a copy of what an earlier one left."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        ((given,),) = input_dict.values()
        ((made,),) = output_dict.values()
        source = self._find(Path(exec_properties["destination"]), given, exec_properties)
        made.set_int_custom_property(FOUND, int(source is not None))
        Path(made.uri).mkdir(parents=True, exist_ok=True)
        log.info("found %s", source or "none: this is the first, or no other")
        if source is not None:
            self._copy(source, made)

    @abc.abstractmethod
    def _find(self, base: Path, given: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        """The folder to copy, below the folder of versions."""

    def _copy(self, version: Path, model: types.Artifact) -> None:
        """A model's files, laid out as the Trainer lays them out."""
        target = Path(path_utils.serving_model_dir(model.uri))
        for name in model_files(version):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(version / name, target / name)


class ModelExecutor(_Lookup):
    """Copies the model of the latest blessed version that is not the candidate."""

    def _find(self, base: Path, given: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_other_model(base, file_sums(Path(path_utils.serving_model_path(given.uri))))


class BaseModelExecutor(_Lookup):
    """Copies the model of the latest blessed version that another training made."""

    def _find(self, base: Path, given: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_of_another_training(base, _fingerprint(given), exec_properties["training"])


class StatisticsExecutor(_Lookup):
    """Copies the statistics beside the latest blessed version of other data."""

    def _find(self, base: Path, given: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_other_statistics(base, _fingerprint(given))

    def _copy(self, folder: Path, statistics: types.Artifact) -> None:
        shutil.copytree(folder, statistics.uri, dirs_exist_ok=True)
        splits = sorted(path.name.removeprefix("Split-") for path in folder.glob("Split-*"))
        statistics.split_names = artifact_utils.encode_split_names(splits)


def _fingerprint(examples: types.Artifact) -> str:
    return str(examples.get_string_custom_property("data_fingerprint"))
