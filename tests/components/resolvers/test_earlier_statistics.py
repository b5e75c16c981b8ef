"""Whose statistics a corpus is held against, on the metadata of hand-made runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.resolvers.earlier_statistics import StatisticsOfLatestBlessed

Event = metadata_store_pb2.Event


class Runs:
    """Writes executions as the line's components leave them."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = mlmd.MetadataStore(config)
        self.types: dict[str, int] = {}
        self.statistics: list[Any] = []
        self.models: list[Any] = []
        self.blessings: list[Any] = []

    def artifact(self, kind: Any, **properties: str) -> Any:
        name = kind.TYPE_NAME
        type_id = self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=name))
        recorded = metadata_store_pb2.Artifact(type_id=type_id, uri=f"/{name}")
        for key, value in properties.items():
            recorded.custom_properties[key].string_value = value
        (number,) = self.store.put_artifacts([recorded])
        artifact = kind()
        artifact.id, artifact.uri = number, f"/{name}/{number}"
        return artifact

    def execution(self, component: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        type_id = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name=component))
        execution = metadata_store_pb2.Execution(type_id=type_id)
        (number,) = self.store.put_executions([execution])
        self.store.put_events(
            [Event(execution_id=number, artifact_id=one.id, type=Event.INPUT) for one in inputs]
            + [Event(execution_id=number, artifact_id=one.id, type=Event.OUTPUT) for one in outputs]
        )

    def data(self, *, own_schema: bool = True, files: str = "") -> tuple[Any, Any, Any]:
        """(examples, their statistics, schema) of new data; a schema that is given stems from no statistics.

        Of other files each time, unless their fingerprint is given.
        """
        fingerprint = files or f"files of {len(self.statistics)}"
        examples = self.artifact(standard_artifacts.Examples, data_fingerprint=fingerprint)
        statistics = self.artifact(standard_artifacts.ExampleStatistics)
        schema = self.artifact(standard_artifacts.Schema)
        self.execution("CorpusGen", [], [examples])
        self.execution("StatisticsGen", [examples], [statistics])
        self.execution("SchemaGen", [statistics] if own_schema else [], [schema])
        self.statistics.append(statistics)
        return examples, statistics, schema

    def model(self, data: tuple[Any, Any, Any], *, blessed: bool = True) -> Any:
        """A model trained on the data, and what ModelGate says of it."""
        examples, _, schema = data
        transformed = self.artifact(standard_artifacts.Examples)
        # Transform makes statistics too, where they are not turned off.
        others = self.artifact(standard_artifacts.ExampleStatistics)
        self.execution("Transform", [examples, schema], [transformed, others])
        self.statistics.append(others)
        model = self.artifact(standard_artifacts.Model)
        self.execution("Trainer", [transformed, schema], [model])
        self.models.append(model)
        self.bless(model, blessed=blessed)
        return model

    def bless(self, model: Any, *, blessed: bool = True) -> None:
        blessing = self.artifact(standard_artifacts.ModelBlessing)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(blessed))
        self.execution("ModelGate", [model], [blessing])
        self.blessings.append(blessing)

    def chosen(self, data: tuple[Any, Any, Any]) -> list[int]:
        """Ids of the statistics that a run on the data is held against."""
        given = {
            "candidate": [data[1]],
            "statistics": self.statistics,
            "model": self.models,
            "model_blessing": self.blessings,
        }
        resolved = StatisticsOfLatestBlessed().resolve_artifacts(self.store, given)
        assert resolved is not None
        assert resolved.keys() == given.keys()
        assert resolved["candidate"] == [data[1]]
        assert len(resolved["model"]) == len(resolved["model_blessing"]) == len(resolved["statistics"])
        return [statistics.id for statistics in resolved["statistics"]]


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_before_any_model_there_are_none(runs: Runs) -> None:
    assert runs.chosen(runs.data()) == []


@pytest.mark.parametrize("own_schema", [True, False])
def test_those_of_the_latest_blessed_model(runs: Runs, own_schema: bool) -> None:
    first, second = runs.data(own_schema=own_schema), runs.data(own_schema=own_schema)
    runs.model(first)
    runs.model(second)
    assert runs.chosen(runs.data(own_schema=own_schema)) == [second[1].id]


def test_an_unchanged_run_has_the_answer_it_had(runs: Runs) -> None:
    first = runs.data()
    before = runs.chosen(first)
    runs.model(first)
    assert runs.chosen(first) == before == []
    second = runs.data()
    before = runs.chosen(second)
    runs.model(second)
    assert runs.chosen(second) == before == [first[1].id]


def test_a_second_model_of_the_same_data_changes_nothing(runs: Runs) -> None:
    first, second = runs.data(), runs.data()
    runs.model(first)
    runs.model(second)
    runs.model(second)
    assert runs.chosen(second) == [first[1].id]


def test_the_same_files_read_otherwise_have_not_drifted(runs: Runs) -> None:
    first, bio = runs.data(), runs.data(files="abc")
    runs.model(first)
    runs.model(bio)
    assert runs.chosen(runs.data(files="abc")) == [first[1].id]
    assert runs.chosen(runs.data()) == [bio[1].id]


def test_a_refused_model_is_passed_over(runs: Runs) -> None:
    first, second = runs.data(), runs.data()
    runs.model(first)
    runs.model(second, blessed=False)
    assert runs.chosen(runs.data()) == [first[1].id]


def test_the_latest_blessing_counts_and_not_the_latest_model(runs: Runs) -> None:
    first, second = runs.data(), runs.data()
    model = runs.model(first)
    runs.model(second)
    runs.bless(model)
    assert runs.chosen(runs.data()) == [first[1].id]


def test_statistics_that_are_gone_are_passed_over(runs: Runs) -> None:
    first, second = runs.data(), runs.data()
    runs.model(first)
    runs.model(second)
    runs.statistics.remove(second[1])
    assert runs.chosen(runs.data()) == [first[1].id]
