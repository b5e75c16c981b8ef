"""The model that a warm start begins with."""

from __future__ import annotations

import json
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common import resolver
from tfx.types import standard_component_specs

from components.resolvers import lineage


class LatestBlessedOfAnotherTraining(resolver.ResolverStrategy):
    """The latest blessed model that does not come from the training which is about to run.

    A model of the same examples and settings is the result of an earlier run of this training. Started from it,
    a run in which nothing changed would train once more, and so would the next. With that model skipped, such a
    run has the same base as the first one, and takes its model from the cache.

    Takes the channels `model` and `model_blessing`, and others with what this training reads, such as
    `examples`; returns the same keys, `model` and `model_blessing` with one artifact or none.

    Args:
        custom_config: the Trainer's, which holds its settings.
    """

    def __init__(self, custom_config: dict[str, Any]) -> None:
        self._custom_config = custom_config

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        resolved: dict[str, list[types.Artifact]] = {**input_dict, "model": [], "model_blessing": []}
        trained_on = {
            artifact.id
            for key, artifacts in input_dict.items()
            if key not in ("model", "model_blessing")
            for artifact in artifacts
        }
        for model, blessing in lineage.blessed_models(input_dict["model"], input_dict["model_blessing"]):
            if not self._made_by_this_training(store, model.id, trained_on):
                return resolved | {"model": [model], "model_blessing": [blessing]}
        return resolved

    def _made_by_this_training(self, store: mlmd.MetadataStore, model: int, trained_on: set[int]) -> bool:
        """Whether the model was trained on exactly what this training reads, with its settings."""
        return any(
            _custom_config(execution) == self._custom_config
            and trained_on <= lineage.inputs(store, [execution.id])
            for execution in store.get_executions_by_id(list(lineage.makers(store, [model])))
        )


def _custom_config(execution: metadata_store_pb2.Execution) -> dict[str, Any]:
    """The `custom_config` of a Trainer's execution; empty for another component's."""
    key = standard_component_specs.CUSTOM_CONFIG_KEY
    text = execution.custom_properties[key].string_value or execution.properties[key].string_value
    config = json.loads(text or "{}")
    return config if isinstance(config, dict) else {}
