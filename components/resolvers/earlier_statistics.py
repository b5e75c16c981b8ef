"""Which run's statistics a corpus is held against."""

from collections.abc import Iterable

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver

_MADE = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)
_TAKEN = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)


class StatisticsOfLatestBlessed(resolver.ResolverStrategy):
    """The statistics of the examples that the latest blessed model was trained on, unless they are the run's own.

    A model of the very same examples is passed over: there is no drift to find, and a run in which nothing
    changed has the same answer as before and finds the gate's verdict in the cache. So is one of the same files
    read otherwise: another `corpus.train_scheme` writes other tags, which is no drift either.

    Takes the channels `candidate` (this run's statistics), `statistics`, `model` and `model_blessing`; gives the
    same keys, `statistics`, `model` and `model_blessing` with one artifact or none.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        own = {statistics.id for statistics in input_dict["candidate"]}
        data = _fingerprints(store, _ends(store, _executions(store, own, _MADE), _TAKEN))
        # Other components make statistics too, of other things.
        makers = _makers(store, own)
        known = {
            statistics.id: statistics
            for statistics in input_dict["statistics"]
            if _makers(store, {statistics.id}) & makers
        }
        models = {model.id: model for model in input_dict["model"]}
        for blessing in sorted(input_dict["model_blessing"], key=lambda artifact: -artifact.id):
            if blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) != 1:
                continue
            model = models.get(
                blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)
            )
            if model is None:
                continue
            beside = _statistics_beside(store, model.id)
            found = sorted(beside & known.keys())
            if found and not beside & own and not _fingerprints(store, beside) & data:
                return self._answer(input_dict, [known[found[-1]]], [model], [blessing])
        return self._answer(input_dict, [], [], [])

    @staticmethod
    def _answer(
        input_dict: dict[str, list[types.Artifact]],
        statistics: list[types.Artifact],
        model: list[types.Artifact],
        blessing: list[types.Artifact],
    ) -> dict[str, list[types.Artifact]]:
        return {
            "candidate": input_dict["candidate"],
            "statistics": statistics,
            "model": model,
            "model_blessing": blessing,
        }


def _statistics_beside(store: mlmd.MetadataStore, model: int) -> set[int]:
    """All that was made of what the model was made of: among it the statistics of its examples.

    Statistics lie on a branch beside the model's own line (examples, transformed examples, model), so the line
    is followed up from the model, and from each artifact on it one step down.
    """
    above: set[int] = set()
    frontier = {model}
    while frontier:
        above |= frontier
        frontier = _ends(store, _executions(store, frontier, _MADE), _TAKEN) - above
    return _ends(store, _executions(store, above - {model}, _TAKEN), _MADE) | above


def _fingerprints(store: mlmd.MetadataStore, artifacts: Iterable[int]) -> set[str]:
    """Of the data that examples among the artifacts were made of, as CorpusGen records them."""
    ids = list(artifacts)
    found = store.get_artifacts_by_id(ids) if ids else []
    return {artifact.custom_properties["data_fingerprint"].string_value for artifact in found} - {""}


def _makers(store: mlmd.MetadataStore, artifacts: set[int]) -> set[int]:
    """Types of the components that made the artifacts."""
    made_by = list(_executions(store, artifacts, _MADE))
    return {execution.type_id for execution in store.get_executions_by_id(made_by)} if made_by else set()


def _executions(store: mlmd.MetadataStore, artifacts: Iterable[int], kinds: tuple[int, ...]) -> set[int]:
    """Executions that made, or took, any of the artifacts."""
    ids = list(artifacts)
    events = store.get_events_by_artifact_ids(ids) if ids else []
    return {event.execution_id for event in events if event.type in kinds}


def _ends(store: mlmd.MetadataStore, executions: Iterable[int], kinds: tuple[int, ...]) -> set[int]:
    """Artifacts that any of the executions took, or made."""
    ids = list(executions)
    events = store.get_events_by_execution_ids(ids) if ids else []
    return {event.artifact_id for event in events if event.type in kinds}
