"""The model that a warm start begins with, on hand-made runs."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.types import standard_artifacts
from tfx.utils import json_utils

from components.resolvers.base_model import LatestBlessedOfAnotherTraining
from tests.components.resolvers.metadata_of_runs import Metadata

SETTINGS = {"hyperparameters": '{"epochs": 3}', "scheme": "BIOES", "code": "abc"}
OTHERS = {**SETTINGS, "hyperparameters": '{"epochs": 4}'}


class Runs(Metadata):
    def examples(self) -> Any:
        return self.put(standard_artifacts.Examples())

    def model(self, examples: Any, config: dict[str, str] | None = SETTINGS, *, tuned: Any = None) -> Any:
        schema = self.put(standard_artifacts.Schema())
        # As TFX records it.
        custom_config = json_utils.dumps(config)
        return self.trained([examples, schema, *([tuned] if tuned else [])], custom_config=custom_config)

    def base(self, examples: Any, config: dict[str, str] = SETTINGS, *, tuned: Any = None) -> Any:
        reads = {"examples": [examples]} | ({"hyperparameters": [tuned]} if tuned else {})
        resolved = LatestBlessedOfAnotherTraining(custom_config=config).resolve_artifacts(
            self.store,
            {**reads, "model": self.models, "model_blessing": self.blessings},
        )
        assert resolved is not None
        assert {key: resolved[key] for key in reads} == reads
        assert len(resolved["model"]) == len(resolved["model_blessing"]) <= 1
        return next(iter(resolved["model"]), None)


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_the_first_training_starts_from_nothing(runs: Runs) -> None:
    assert runs.base(runs.examples()) is None


def test_other_data_start_from_the_latest_blessed_model(runs: Runs) -> None:
    runs.model(runs.examples())
    latest = runs.model(runs.examples())
    assert runs.base(runs.examples()) is latest


def test_an_unchanged_run_has_the_same_base_as_before(runs: Runs) -> None:
    """Otherwise the Trainer would not find its model in the cache."""
    first, second = runs.examples(), runs.examples()
    began = runs.model(first)
    assert runs.base(first) is None
    runs.model(second)
    assert runs.base(second) is began
    # However often it runs and trains again.
    runs.model(second)
    assert runs.base(second) is began


def test_other_settings_start_from_the_model_of_the_same_data(runs: Runs) -> None:
    examples = runs.examples()
    model = runs.model(examples)
    assert runs.base(examples, OTHERS) is model
    other = runs.model(examples, OTHERS)
    assert runs.base(examples, OTHERS) is model
    assert runs.base(examples) is other


def test_other_settings_found_by_a_search_are_another_training(runs: Runs) -> None:
    examples = runs.examples()
    first, second = (runs.put(standard_artifacts.HyperParameters()) for _ in range(2))
    model = runs.model(examples, tuned=first)
    assert runs.base(examples, tuned=first) is None
    assert runs.base(examples, tuned=second) is model


def test_a_trainer_without_settings_is_another_training(runs: Runs) -> None:
    """Of another pipeline, say."""
    examples = runs.examples()
    model = runs.model(examples, None)
    assert runs.base(examples) is model
