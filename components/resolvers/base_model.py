"""Which model a warm start begins with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver
from tfx.types import standard_component_specs

_MADE = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)
_TAKEN = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)


class LatestBlessedOfAnotherTraining(resolver.ResolverStrategy):
    """The latest blessed model that did not come from the training which is about to run.

    A model of the same examples and the same settings is what this training made when it ran before. Started from
    it, a run in which nothing changed would train once more, and the next again; passed over, such a run finds
    the same base as the first time, and the model in the cache.

    Takes the channels `model` and `model_blessing`, and others with what this training reads, such as `examples`;
    gives the same keys, `model` and `model_blessing` with one artifact or none.

    Args:
        custom_config: the Trainer's, which holds its settings.
    """

    def __init__(self, custom_config: dict[str, Any]) -> None:
        self._custom_config = custom_config

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        read = {key: found for key, found in input_dict.items() if key not in ("model", "model_blessing")}
        own = {artifact.id for artifacts in read.values() for artifact in artifacts}
        models = {model.id: model for model in input_dict["model"]}
        for blessing in sorted(input_dict["model_blessing"], key=lambda artifact: -artifact.id):
            model = models.get(
                blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)
            )
            blessed = blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == 1
            if blessed and model is not None and not self._made_by_this_training(store, model.id, own):
                return {**read, "model": [model], "model_blessing": [blessing]}
        return {**read, "model": [], "model_blessing": []}

    def _made_by_this_training(self, store: mlmd.MetadataStore, model: int, own: set[int]) -> bool:
        """Whether the model was trained on just what this training reads, with its settings."""
        events = store.get_events_by_artifact_ids([model])
        makers = {event.execution_id for event in events if event.type in _MADE}
        return any(
            _custom_config(execution) == self._custom_config and own <= _inputs(store, [execution.id])
            for execution in store.get_executions_by_id(list(makers))
        )


def _custom_config(execution: metadata_store_pb2.Execution) -> dict[str, Any]:
    """What a Trainer's execution was told; empty of another component's."""
    key = standard_component_specs.CUSTOM_CONFIG_KEY
    text = execution.custom_properties[key].string_value or execution.properties[key].string_value
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


def _inputs(store: mlmd.MetadataStore, executions: Iterable[int]) -> set[int]:
    events = store.get_events_by_execution_ids(list(executions))
    return {event.artifact_id for event in events if event.type in _TAKEN}
