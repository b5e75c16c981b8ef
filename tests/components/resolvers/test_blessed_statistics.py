"""The statistics that a corpus is compared with, on hand-made runs."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.resolvers.blessed_statistics import StatisticsOfLatestBlessed
from tests.components.resolvers.metadata_of_runs import Metadata


class Runs(Metadata):
    def __init__(self) -> None:
        super().__init__()
        self.statistics: list[Any] = []

    def data(self, *, own_schema: bool = True, files: str = "") -> tuple[Any, Any, Any]:
        """(examples, their statistics, schema) of new data, each time of new files unless `files` names them.

        Without `own_schema` the schema comes from elsewhere than the statistics.
        """
        fingerprint = files or f"files of {len(self.statistics)}"
        examples = self.put(standard_artifacts.Examples(), data_fingerprint=fingerprint)
        statistics = self.put(standard_artifacts.ExampleStatistics())
        schema = self.put(standard_artifacts.Schema())
        self.execution("CorpusGen", [], [examples])
        self.execution("StatisticsGen", [examples], [statistics])
        self.execution("SchemaGen", [statistics] if own_schema else [], [schema])
        self.statistics.append(statistics)
        return examples, statistics, schema

    def model(self, data: tuple[Any, Any, Any]) -> Any:
        """A blessed model that was trained on the data."""
        examples, _, schema = data
        transformed = self.put(standard_artifacts.Examples())
        # Transform makes statistics too, where they are not turned off.
        others = self.put(standard_artifacts.ExampleStatistics())
        self.execution("Transform", [examples, schema], [transformed, others])
        self.statistics.append(others)
        return self.trained([transformed, schema])

    def chosen(self, data: tuple[Any, Any, Any]) -> list[int]:
        """Ids of the statistics that a run on the data is compared with."""
        channels = {
            "candidate": [data[1]],
            "statistics": self.statistics,
            "model": self.models,
            "model_blessing": self.blessings,
        }
        resolved = StatisticsOfLatestBlessed().resolve_artifacts(self.store, channels)
        assert resolved is not None
        assert resolved.keys() == channels.keys()
        assert resolved["candidate"] == [data[1]]
        assert len(resolved["model"]) == len(resolved["model_blessing"]) == len(resolved["statistics"])
        return [statistics.id for statistics in resolved["statistics"]]


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_before_any_model_there_are_none(runs: Runs) -> None:
    assert runs.chosen(runs.data()) == []


@pytest.mark.parametrize("own_schema", [True, False])
def test_the_statistics_are_those_of_the_latest_blessed_model(runs: Runs, own_schema: bool) -> None:
    first, second = runs.data(own_schema=own_schema), runs.data(own_schema=own_schema)
    runs.model(first)
    runs.model(second)
    assert runs.chosen(runs.data(own_schema=own_schema)) == [second[1].id]


def test_an_unchanged_run_has_the_same_statistics_as_before(runs: Runs) -> None:
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


def test_the_same_files_read_differently_have_not_drifted(runs: Runs) -> None:
    first, bio = runs.data(), runs.data(files="abc")
    runs.model(first)
    runs.model(bio)
    assert runs.chosen(runs.data(files="abc")) == [first[1].id]
    assert runs.chosen(runs.data()) == [bio[1].id]


def test_statistics_that_are_gone_are_skipped(runs: Runs) -> None:
    first, second = runs.data(), runs.data()
    runs.model(first)
    runs.model(second)
    runs.statistics.remove(second[1])
    assert runs.chosen(runs.data()) == [first[1].id]
