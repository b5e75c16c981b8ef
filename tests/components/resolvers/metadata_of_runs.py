"""A metadata store with runs as the pipeline's components leave them, for the resolvers to look up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

Event = metadata_store_pb2.Event


def blessing_of(model: int, *, blessed: bool = True) -> Any:
    """A blessing as ModelGate writes it."""
    blessing = standard_artifacts.ModelBlessing()
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(blessed))
    return blessing


class Metadata:
    """Writes artifacts and executions; collects the models and blessings that a resolver is given."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = mlmd.MetadataStore(config)
        self.models: list[Any] = []
        self.blessings: list[Any] = []

    def put(self, artifact: Any, **properties: str) -> Any:
        """Record an artifact and give it its id."""
        kind = metadata_store_pb2.ArtifactType(name=artifact.type_name)
        recorded = metadata_store_pb2.Artifact(type_id=self.store.put_artifact_type(kind), uri="/a")
        for key, value in properties.items():
            recorded.custom_properties[key].string_value = value
        (artifact.id,) = self.store.put_artifacts([recorded])
        artifact.uri = f"/{artifact.type_name}/{artifact.id}"
        return artifact

    def execution(
        self, component: str, inputs: Sequence[Any], outputs: Sequence[Any], **properties: str
    ) -> None:
        kind = metadata_store_pb2.ExecutionType(name=component)
        execution = metadata_store_pb2.Execution(type_id=self.store.put_execution_type(kind))
        for key, value in properties.items():
            execution.custom_properties[key].string_value = value
        (number,) = self.store.put_executions([execution])
        self.store.put_events(
            [Event(execution_id=number, artifact_id=one.id, type=Event.INPUT) for one in inputs]
            + [Event(execution_id=number, artifact_id=one.id, type=Event.OUTPUT) for one in outputs]
        )

    def trained(self, inputs: Sequence[Any], *, blessed: bool = True, **properties: str) -> Any:
        """A model that a Trainer made of `inputs`, and ModelGate's blessing of it."""
        model = self.put(standard_artifacts.Model())
        self.execution("Trainer", inputs, [model], **properties)
        self.models.append(model)
        self.bless(model, blessed=blessed)
        return model

    def bless(self, model: Any, *, blessed: bool = True) -> None:
        blessing = self.put(blessing_of(model.id, blessed=blessed))
        self.execution("ModelGate", [model], [blessing])
        self.blessings.append(blessing)
