"""The statistics that a corpus is compared with to find drift."""

from collections.abc import Iterable

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.components.common import resolver

from components.resolvers.lineage import blessed_models, inputs, is_intact, makers, outputs, readers


class StatisticsOfLatestBlessed(resolver.ResolverStrategy):
    """The statistics of the examples behind the latest blessed model, unless they are the run's own.

    A model of the very same examples is skipped: there is no drift to find, and a run in which nothing
    changed resolves to the same statistics as before and finds the gate's verdict in the cache. So is a model
    of the same files read differently: another `corpus.train_scheme` writes other tags, which is no drift
    either.

    Takes the channels `candidate` (this run's statistics), `statistics`, `model` and `model_blessing`;
    returns the same keys, `statistics`, `model` and `model_blessing` with one artifact or none.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        resolved: dict[str, list[types.Artifact]] = {
            **input_dict, "statistics": [], "model": [], "model_blessing": []
        }  # fmt: skip
        own = {statistics.id for statistics in input_dict["candidate"]}
        own_data = _fingerprints(store, inputs(store, makers(store, own)))
        # Other components make statistics too, of other data.
        component = _component_types(store, own)
        of_examples = {
            statistics.id: statistics
            for statistics in input_dict["statistics"]
            if _component_types(store, {statistics.id}) & component
        }
        for model, blessing in blessed_models(input_dict["model"], input_dict["model_blessing"]):
            beside = _made_beside(store, model.id)
            statistics = sorted(beside & of_examples.keys())
            if not statistics or beside & own or _fingerprints(store, beside) & own_data:
                continue
            latest = of_examples[statistics[-1]]
            if is_intact(latest):
                return resolved | {"statistics": [latest], "model": [model], "model_blessing": [blessing]}
        return resolved


def _made_beside(store: mlmd.MetadataStore, model: int) -> set[int]:
    """Ids of all artifacts derived from those behind the model, the statistics of its examples among them.

    Statistics lie on a branch beside the model's own line (examples, transformed examples, model), so the
    line is followed up from the model, and from each artifact on it one step down.
    """
    above: set[int] = set()
    frontier = {model}
    while frontier:
        above |= frontier
        frontier = inputs(store, makers(store, frontier)) - above
    return outputs(store, readers(store, above - {model})) | above


def _fingerprints(store: mlmd.MetadataStore, artifacts: Iterable[int]) -> set[str]:
    """Fingerprints of the data behind the examples among the artifacts, as CorpusGen records them."""
    ids = list(artifacts)
    recorded = store.get_artifacts_by_id(ids) if ids else []
    return {artifact.custom_properties["data_fingerprint"].string_value for artifact in recorded} - {""}


def _component_types(store: mlmd.MetadataStore, artifacts: set[int]) -> set[int]:
    """Types of the components that made the artifacts."""
    executions = list(makers(store, artifacts))
    return (
        {execution.type_id for execution in store.get_executions_by_id(executions)} if executions else set()
    )
