"""Blessed models among artifacts, and which executions made or read an artifact, by the metadata store."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants

from components import digests

log = logging.getLogger("tagline.resolvers")

_OUTPUT = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)
_INPUT = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)


class Blessed(NamedTuple):
    """A model and the blessing that it got."""

    model: types.Artifact
    blessing: types.Artifact


def blessed_models(
    models: Iterable[types.Artifact], blessings: Iterable[types.Artifact]
) -> Iterator[Blessed]:
    """Pair positive blessings with their models, the latest first.

    Those whose model is gone, or is no longer what was blessed, are skipped.

    The order is that of the blessings: a model of an earlier run may be blessed again.

    Args:
        models: all there are.
        blessings: ModelGate's alone.
    """
    by_id = {model.id: model for model in models}
    for blessing in sorted(blessings, key=lambda artifact: -artifact.id):
        if blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) != 1:
            continue
        model = by_id.get(blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY))
        if model is not None and is_intact(model):
            yield Blessed(model, blessing)


def is_intact(artifact: types.Artifact) -> bool:
    """Whether an artifact of an earlier run is still what was made; if not, a warning says so."""
    try:
        digests.require_artifact(artifact)
    except digests.Changed as changed:
        log.warning("passed over: %s", changed.difference)
        return False
    return True


def makers(store: mlmd.MetadataStore, artifacts: Iterable[int]) -> set[int]:
    """Ids of the executions that made any of the artifacts."""
    return _executions(store, list(artifacts), _OUTPUT)


def readers(store: mlmd.MetadataStore, artifacts: Iterable[int]) -> set[int]:
    """Ids of the executions that read any of the artifacts."""
    return _executions(store, list(artifacts), _INPUT)


def inputs(store: mlmd.MetadataStore, executions: Iterable[int]) -> set[int]:
    """Ids of the artifacts that any of the executions read."""
    return _artifacts(store, list(executions), _INPUT)


def outputs(store: mlmd.MetadataStore, executions: Iterable[int]) -> set[int]:
    """Ids of the artifacts that any of the executions made."""
    return _artifacts(store, list(executions), _OUTPUT)


def _executions(store: mlmd.MetadataStore, artifacts: Sequence[int], kinds: tuple[int, ...]) -> set[int]:
    events = store.get_events_by_artifact_ids(artifacts) if artifacts else []
    return {event.execution_id for event in events if event.type in kinds}


def _artifacts(store: mlmd.MetadataStore, executions: Sequence[int], kinds: tuple[int, ...]) -> set[int]:
    events = store.get_events_by_execution_ids(executions) if executions else []
    return {event.artifact_id for event in events if event.type in kinds}
