"""The nodes that look earlier runs up: in the metadata, or in the pushed folder where a back end resolves nothing."""

from __future__ import annotations

import abc
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from tfx import types
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import standard_artifacts

from components.resolvers.base_model import LatestBlessedOfAnotherTraining
from components.resolvers.baseline import LatestBlessedOtherModel
from components.resolvers.blessed_statistics import StatisticsOfLatestBlessed
from components.resolvers.pushed.component import PushedBaseModel, PushedModel, PushedStatistics
from pipeline.settings import Settings
from pipeline.stages.code_hash import code_hash

# Their names, wherever they look.
BASELINE, BASE_MODEL, BLESSED_STATISTICS = "Baseline", "BaseModel", "BlessedStatistics"

Where = Literal["metadata", "pushed"]


@dataclass(frozen=True)
class Training:
    """What tells a training from another.

    Attributes:
        examples: this run's, as CorpusGen made them.
        read: what the Trainer reads, by any name.
        told: what the Trainer is told.
        fingerprint: `fingerprint_of` it.
    """

    examples: types.BaseChannel
    read: dict[str, types.BaseChannel]
    told: dict[str, Any]
    fingerprint: str


class Past(abc.ABC):
    """What earlier runs left, as nodes of this one."""

    @abc.abstractmethod
    def blessed_statistics(self, *, examples: types.BaseChannel, statistics: types.BaseChannel) -> BaseNode:
        """The statistics (`statistics`) of the data behind the latest blessed model of other data than these."""

    @abc.abstractmethod
    def base_model(self, training: Training) -> BaseNode:
        """The latest blessed model (`model`) that another training than this one made."""

    @abc.abstractmethod
    def baseline(self, *, candidate: types.BaseChannel) -> BaseNode:
        """The latest blessed model (`model`) other than the candidate."""


def past_of(settings: Settings, where: Where) -> Past:
    """Where a pipeline with these settings looks earlier runs up."""
    return _Pushed(settings.models_place) if where == "pushed" else _Metadata()


def fingerprint_of(training: dict[str, Any], settings: Settings) -> str:
    """Tells one way to train from another: what the Trainer is told, and how its examples come from the files."""
    told = {
        **training,
        "corpus": msgspec.to_builtins(settings.corpus),
        "reading": code_hash("tagging", "corpus", "components/corpus_gen"),
        "tuning": msgspec.to_builtins(settings.tuning) if settings.tuning.enabled else None,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


class _Metadata(Past):
    """Resolvers, which ask MLMD."""

    def blessed_statistics(self, *, examples: types.BaseChannel, statistics: types.BaseChannel) -> BaseNode:
        return Resolver(
            strategy_class=StatisticsOfLatestBlessed,
            candidate=statistics,
            statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            **_blessed_models(),
        ).with_id(BLESSED_STATISTICS)

    def base_model(self, training: Training) -> BaseNode:
        return Resolver(
            strategy_class=LatestBlessedOfAnotherTraining,
            config={"custom_config": training.told},
            **training.read,
            **_blessed_models(),
        ).with_id(BASE_MODEL)

    def baseline(self, *, candidate: types.BaseChannel) -> BaseNode:
        return Resolver(
            strategy_class=LatestBlessedOtherModel, candidate=candidate, **_blessed_models()
        ).with_id(BASELINE)


class _Pushed(Past):
    """Components that read the manifests of the versions in a folder."""

    def __init__(self, folder: str) -> None:
        self._place = {"destination": folder, "code": code_hash("components/resolvers/pushed")}

    def blessed_statistics(self, *, examples: types.BaseChannel, statistics: types.BaseChannel) -> BaseNode:
        return PushedStatistics(examples=examples, **self._place).with_id(BLESSED_STATISTICS)

    def base_model(self, training: Training) -> BaseNode:
        return PushedBaseModel(
            examples=training.examples, training=training.fingerprint, **self._place
        ).with_id(BASE_MODEL)

    def baseline(self, *, candidate: types.BaseChannel) -> BaseNode:
        return PushedModel(candidate=candidate, **self._place).with_id(BASELINE)


def _blessed_models() -> dict[str, types.Channel]:
    return {
        "model": types.Channel(type=standard_artifacts.Model),
        "model_blessing": types.Channel(type=standard_artifacts.ModelBlessing),
    }
