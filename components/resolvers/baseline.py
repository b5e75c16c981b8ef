"""Which model a candidate is compared with."""

import ml_metadata as mlmd
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver


class LatestBlessedOtherModel(resolver.ResolverStrategy):
    """The latest blessed model that is not the candidate itself.

    TFX's own strategy gives the candidate back once it has been blessed: a run in which nothing changed would
    evaluate it again, against itself. Left out, such a run finds the evaluation of the first in the cache.

    Blessings are ModelGate's. The Evaluator makes a blessing too, which says nothing where it has no thresholds, and
    so never counts.

    Takes the channels `candidate` (the Trainer's model), `model` and `model_blessing`; gives the same keys, `model`
    and `model_blessing` with one artifact or none.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        candidates = {model.id for model in input_dict["candidate"]}
        blessings = {
            blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY): blessing
            for blessing in sorted(input_dict["model_blessing"], key=lambda artifact: artifact.id)
            if blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == 1
        }
        # The latest blessing, not the latest model: a model of an earlier run may be blessed again.
        blessed = [
            model for model in input_dict["model"] if model.id in blessings and model.id not in candidates
        ]
        latest = sorted(blessed, key=lambda model: blessings[model.id].id)[-1:]
        return {
            "candidate": input_dict["candidate"],
            "model": latest,
            "model_blessing": [blessings[model.id] for model in latest],
        }
