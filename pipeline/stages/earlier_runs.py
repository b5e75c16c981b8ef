"""The nodes that look up what earlier runs left: in the metadata, or in the pushed folder.

A back end of a pipeline spec 2.1 runs no resolvers; there components read the manifests of the pushed versions.
"""

from __future__ import annotations

from typing import Any, Literal

from tfx import types
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import standard_artifacts

from components.model_gate.executor import NAME as MODEL_GATE
from components.resolvers.base_model import LatestBlessedOfAnotherTraining
from components.resolvers.baseline import LatestBlessedOtherModel
from components.resolvers.blessed_statistics import StatisticsOfLatestBlessed
from components.resolvers.pushed.component import PushedBaseModel, PushedModel, PushedStatistics
from pipeline.settings import Settings
from pipeline.stages.code_hash import code_of

# Ids of the nodes, wherever they look.
BASELINE, BASE_MODEL, BLESSED_STATISTICS = "Baseline", "BaseModel", "BlessedStatistics"

Source = Literal["metadata", "pushed"]


class EarlierRuns:
    """What earlier runs left, as nodes of this one: resolvers that query MLMD, or components on the pushed folder."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self._pushed: dict[str, str] | None = None
        if source == "pushed":
            self._pushed = {"destination": settings.models_place, "code": code_of("PushedResolver")}

    def blessed_statistics(self, *, examples: types.BaseChannel, statistics: types.BaseChannel) -> BaseNode:
        """Look up the statistics (`statistics`) behind the latest blessed model that was trained on other data."""
        if self._pushed:
            return PushedStatistics(examples=examples, **self._pushed).with_id(BLESSED_STATISTICS)
        return Resolver(
            strategy_class=StatisticsOfLatestBlessed,
            candidate=statistics,
            statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            **_blessed_models(),
        ).with_id(BLESSED_STATISTICS)

    def base_model(
        self,
        *,
        examples: types.BaseChannel,
        trainer_inputs: dict[str, types.BaseChannel],
        custom_config: dict[str, Any],
        fingerprint: str,
    ) -> BaseNode:
        """Look up the latest blessed model (`model`) of another training than this one.

        Args:
            examples: this run's, as CorpusGen made them.
            trainer_inputs: what the Trainer reads.
            custom_config: the Trainer's.
            fingerprint: of the training, as manifests of pushed models have it.
        """
        if self._pushed:
            return PushedBaseModel(examples=examples, training=fingerprint, **self._pushed).with_id(
                BASE_MODEL
            )
        return Resolver(
            strategy_class=LatestBlessedOfAnotherTraining,
            config={"custom_config": custom_config},
            **trainer_inputs,
            **_blessed_models(),
        ).with_id(BASE_MODEL)

    def baseline(self, *, candidate: types.BaseChannel) -> BaseNode:
        """Look up the latest blessed model (`model`) other than the candidate."""
        if self._pushed:
            return PushedModel(candidate=candidate, **self._pushed).with_id(BASELINE)
        return Resolver(
            strategy_class=LatestBlessedOtherModel, candidate=candidate, **_blessed_models()
        ).with_id(BASELINE)


def _blessed_models() -> dict[str, types.Channel]:
    # TFX's Evaluator blesses too, but only by the floor.
    blessings = types.Channel(type=standard_artifacts.ModelBlessing, producer_component_id=MODEL_GATE)
    return {"model": types.Channel(type=standard_artifacts.Model), "model_blessing": blessings}
