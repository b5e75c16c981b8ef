"""The model that a candidate is compared with."""

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.components.common import resolver

from components.resolvers.lineage import blessed_models


class LatestBlessedOtherModel(resolver.ResolverStrategy):
    """The latest blessed model that is not the candidate itself.

    TFX's own strategy returns the candidate once it has been blessed: a run in which nothing changed would
    evaluate it again, against itself. With the candidate left out, such a run finds the first one's
    evaluation in the cache.

    Takes the channels `candidate` (the Trainer's model), `model` and `model_blessing` (ModelGate's); returns
    the same keys, `model` and `model_blessing` with one artifact or none.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        candidates = {model.id for model in input_dict["candidate"]}
        resolved: dict[str, list[types.Artifact]] = {**input_dict, "model": [], "model_blessing": []}
        for model, blessing in blessed_models(input_dict["model"], input_dict["model_blessing"]):
            if model.id not in candidates:
                return resolved | {"model": [model], "model_blessing": [blessing]}
        return resolved
