"""Executors that copy what an earlier run left: a copy, since the back end chooses where outputs lie."""

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
)
from serving.registry.manifest import file_sums
from serving.registry.version_folder import model_files

log = logging.getLogger("tagline.resolvers")

# Custom property of the output: 1, or 0 if nothing was found and the artifact is empty.
FOUND = "found"


class _Lookup(base_executor.BaseExecutor):
    """Copies what an earlier run left into the one output, by the one input, of this run."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        ((own,),) = input_dict.values()
        ((output,),) = output_dict.values()
        source = self._find(Path(exec_properties["destination"]), own, exec_properties)
        output.set_int_custom_property(FOUND, int(source is not None))
        Path(output.uri).mkdir(parents=True, exist_ok=True)
        log.info("found %s", source or "nothing: no other version was pushed before")
        if source is not None:
            self._copy(source, output)

    @abc.abstractmethod
    def _find(self, base: Path, own: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        """The folder to copy, below the model's base folder; None if there is nothing."""

    def _copy(self, version: Path, model: types.Artifact) -> None:
        """Copy the files of a model, in the layout of the Trainer's output."""
        target = Path(path_utils.serving_model_dir(model.uri))
        for name in model_files(version):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(version / name, target / name)


class ModelExecutor(_Lookup):
    """Copies the model of the latest blessed version that is not the candidate."""

    def _find(self, base: Path, own: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_other_model(base, file_sums(Path(path_utils.serving_model_path(own.uri))))


class BaseModelExecutor(_Lookup):
    """Copies the model of the latest blessed version that another training made."""

    def _find(self, base: Path, own: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_of_another_training(base, _fingerprint(own), exec_properties["training"])


class StatisticsExecutor(_Lookup):
    """Copies the statistics in the latest blessed version of other data."""

    def _find(self, base: Path, own: types.Artifact, exec_properties: dict[str, Any]) -> Path | None:
        return latest_other_statistics(base, _fingerprint(own))

    def _copy(self, folder: Path, statistics: types.Artifact) -> None:
        shutil.copytree(folder, statistics.uri, dirs_exist_ok=True)
        splits = sorted(path.name.removeprefix("Split-") for path in folder.glob("Split-*"))
        statistics.split_names = artifact_utils.encode_split_names(splits)


def _fingerprint(examples: types.Artifact) -> str:
    return str(examples.get_string_custom_property("data_fingerprint"))
