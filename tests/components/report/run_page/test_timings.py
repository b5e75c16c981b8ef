"""Timings of a run from a real metadata store, while a runner is connected to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.report.run_page.timings import timings

COMPLETE, CACHED, RUNNING = mlmd.Execution.COMPLETE, mlmd.Execution.CACHED, mlmd.Execution.RUNNING


class Runner:
    """Writes what TFX's local runner writes, and stays connected."""

    def __init__(self, database: Path) -> None:
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(database)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(config)
        self._database = database
        self._run_type = self.store.put_context_type(mlmd.ContextType(name="pipeline_run"))
        self._node_type = self.store.put_context_type(mlmd.ContextType(name="node"))
        self._model_type = self.store.put_artifact_type(mlmd.ArtifactType(name="Model"))

    def context(self, kind: int, name: str) -> mlmd.Context:
        known = self.store.get_contexts()
        found = [context for context in known if context.type_id == kind and context.name == name]
        if found:
            return found[0]
        (number,) = self.store.put_contexts([mlmd.Context(type_id=kind, name=name)])
        return mlmd.Context(type_id=kind, name=name, id=number)

    def model(self) -> mlmd.Artifact:
        (number,) = self.store.put_artifacts([mlmd.Artifact(type_id=self._model_type, uri="/m")])
        return mlmd.Artifact(type_id=self._model_type, id=number)

    def execute(
        self, run: str, component: str, began: int, ended: int, state: int, model: mlmd.Artifact | None = None
    ) -> None:
        """An execution from `began` to `ended`, in milliseconds."""
        kind = self.store.put_execution_type(mlmd.ExecutionType(name=f"components.x.{component}"))
        execution = mlmd.Execution(type_id=kind, last_known_state=state)  # type: ignore[arg-type]
        pairs = []
        if model:
            step = mlmd.Event.Path.Step(key="model")
            pairs = [(model, mlmd.Event(type=mlmd.Event.OUTPUT, path=mlmd.Event.Path(steps=[step])))]
        contexts = [self.context(self._run_type, run), self.context(self._node_type, f"tagger.{component}")]
        number, _, _ = self.store.put_execution(execution, pairs, contexts)
        # The store's clock is the machine's; what is tested is what comes of the times.
        with sqlite3.connect(self._database) as connection:
            connection.execute(
                "update Execution set create_time_since_epoch = ?, last_update_time_since_epoch = ? where id = ?",
                (began, ended, number),
            )


def test_each_component_with_its_seconds_while_the_runner_is_connected(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "metadata.db")
    model = runner.model()
    runner.execute("first", "Trainer", 1_000, 38_250, COMPLETE, model)
    runner.execute("second", "Trainer", 100_000, 100_005, CACHED, model)
    runner.execute("second", "Evaluator", 100_010, 104_000, COMPLETE)
    runner.execute("second", "Report", 104_100, 104_100, RUNNING)
    found = timings(tmp_path / "metadata.db", "second")
    assert [
        (each.component, each.seconds, each.state, each.outputs, each.original_seconds) for each in found
    ] == [
        ("Trainer", 0.005, "cached", ("Model 1",), 37.25),
        ("Evaluator", 3.99, "done", (), None),
        ("Report", None, "running", (), None),
    ]
    assert found[0].began.timestamp() == 100
    # The runner goes on writing, and what it writes is seen.
    runner.execute("second", "Late", 105_000, 106_000, COMPLETE)
    assert [each.component for each in timings(tmp_path / "metadata.db", "second")][-1] == "Late"
    assert [each.component for each in timings(tmp_path / "metadata.db", "first")] == ["Trainer"]


def test_a_component_that_ran_twice_has_its_last_execution(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "metadata.db")
    runner.execute("run", "Trainer", 1_000, 2_000, mlmd.Execution.FAILED)
    runner.execute("run", "Trainer", 3_000, 5_000, COMPLETE)
    (found,) = timings(tmp_path / "metadata.db", "run")
    assert (found.seconds, found.state) == (2.0, "done")


def test_a_store_with_an_open_write_transaction_is_read(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "metadata.db")
    runner.execute("run", "Trainer", 1_000, 2_000, COMPLETE)
    connection = sqlite3.connect(tmp_path / "metadata.db", isolation_level=None)
    connection.execute("begin immediate")  # what a writer holds until it commits
    try:
        (found,) = timings(tmp_path / "metadata.db", "run")
        assert found.seconds == 1.0
    finally:
        connection.execute("rollback")
        connection.close()


def test_reading_changes_nothing(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "metadata.db")
    runner.execute("run", "Trainer", 1_000, 2_000, COMPLETE)
    before = (tmp_path / "metadata.db").read_bytes()
    timings(tmp_path / "metadata.db", "run")
    assert (tmp_path / "metadata.db").read_bytes() == before


def test_a_missing_store_and_a_missing_run_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.db: no metadata store there; expected"):
        timings(tmp_path / "nowhere.db", "run")
    assert list(tmp_path.iterdir()) == []
    runner = Runner(tmp_path / "metadata.db")
    runner.execute("run", "Trainer", 1_000, 2_000, COMPLETE)
    with pytest.raises(KeyError, match="no run other there"):
        timings(tmp_path / "metadata.db", "other")
