"""Which model a warm start begins with, on the metadata of hand-made runs."""

from __future__ import annotations

import json
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts
from tfx.utils import json_utils

from components.resolvers.base_model import LatestBlessedOfAnotherTraining

Event = metadata_store_pb2.Event
SETTINGS = {"hyperparameters": '{"epochs": 3}', "scheme": "BIOES", "code": "abc"}
OTHERS = {**SETTINGS, "hyperparameters": '{"epochs": 4}'}


class Runs:
    """Writes executions as the Trainer and ModelGate leave them."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = mlmd.MetadataStore(config)
        self.models: list[Any] = []
        self.blessings: list[Any] = []

    def artifact(self, kind: Any) -> Any:
        type_id = self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=kind.TYPE_NAME))
        (number,) = self.store.put_artifacts([metadata_store_pb2.Artifact(type_id=type_id, uri="/a")])
        artifact = kind()
        artifact.id, artifact.uri = number, f"/{kind.TYPE_NAME}/{number}"
        return artifact

    def execution(self, config: dict[str, str] | None, inputs: list[Any], outputs: list[Any]) -> None:
        name = "Trainer" if config else "Other"
        type_id = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name=name))
        execution = metadata_store_pb2.Execution(type_id=type_id)
        # As TFX records it.
        execution.custom_properties["custom_config"].string_value = json_utils.dumps(config)
        (number,) = self.store.put_executions([execution])
        self.store.put_events(
            [Event(execution_id=number, artifact_id=one.id, type=Event.INPUT) for one in inputs]
            + [Event(execution_id=number, artifact_id=one.id, type=Event.OUTPUT) for one in outputs]
        )

    def examples(self) -> Any:
        return self.artifact(standard_artifacts.Examples)

    def model(
        self, examples: Any, config: dict[str, str] = SETTINGS, *, tuned: Any = None, blessed: bool = True
    ) -> Any:
        model = self.artifact(standard_artifacts.Model)
        schema = self.artifact(standard_artifacts.Schema)
        self.execution(config, [examples, schema, *([tuned] if tuned else [])], [model])
        self.models.append(model)
        self.bless(model, blessed=blessed)
        return model

    def bless(self, model: Any, *, blessed: bool = True) -> None:
        blessing = self.artifact(standard_artifacts.ModelBlessing)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(blessed))
        self.execution(None, [model], [blessing])
        self.blessings.append(blessing)

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


def test_an_unchanged_run_has_the_base_that_it_had(runs: Runs) -> None:
    """So that the Trainer finds its model in the cache."""
    first, second = runs.examples(), runs.examples()
    began = runs.model(first)
    assert runs.base(first) is None
    runs.model(second)
    assert runs.base(second) is began
    # As often as it runs, and trained again for whatever reason.
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
    first, second = (runs.artifact(standard_artifacts.HyperParameters) for _ in range(2))
    model = runs.model(examples, tuned=first)
    assert runs.base(examples, tuned=first) is None
    assert runs.base(examples, tuned=second) is model


def test_a_refused_model_is_passed_over(runs: Runs) -> None:
    blessed = runs.model(runs.examples())
    runs.model(runs.examples(), blessed=False)
    assert runs.base(runs.examples()) is blessed


def test_the_latest_blessing_counts_and_not_the_latest_model(runs: Runs) -> None:
    old = runs.model(runs.examples())
    runs.model(runs.examples())
    runs.bless(old)
    assert runs.base(runs.examples()) is old


def test_a_blessing_whose_model_is_gone_is_passed_over(runs: Runs) -> None:
    old = runs.model(runs.examples())
    gone = runs.model(runs.examples())
    runs.models.remove(gone)
    assert runs.base(runs.examples()) is old


def test_a_trainer_without_settings_is_another_training(runs: Runs) -> None:
    """An older line's, say."""
    examples = runs.examples()
    model = runs.artifact(standard_artifacts.Model)
    runs.execution(None, [examples], [model])
    runs.models.append(model)
    runs.bless(model)
    assert runs.base(examples) is model
    assert json.loads(json_utils.dumps(SETTINGS)) == SETTINGS
