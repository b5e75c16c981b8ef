"""The metadata store: readable, locked, damaged, and executions without an end."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.doctor.metadata import findings


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A store of ML Metadata's own making, with one execution that ended and one that did not."""
    path = tmp_path / "metadata.db"
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(config)
    of_type = store.put_execution_type(mlmd.ExecutionType(name="components.trainer.Trainer"))
    states = (mlmd.Execution.COMPLETE, mlmd.Execution.RUNNING)
    store.put_executions([mlmd.Execution(type_id=of_type, last_known_state=state) for state in states])
    return path


def test_executions_of_killed_runs_are_named_and_those_of_a_run_under_way_are_not(database: Path) -> None:
    before = database.read_bytes()
    store, unended = findings(database, runs=False)
    assert (store.state, store.found) == ("ok", f"{database}: readable, 2 executions")
    assert (unended.state, unended.found) == (
        "warning",
        "1 without an end, of runs that were stopped: Trainer",
    )
    assert [one.state for one in findings(database, runs=True)] == ["ok"]
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_locked_store_is_told(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        (store,) = findings(database, runs=False)
    assert (store.state, store.found) == ("warning", f"{database}: another process holds it")


@pytest.mark.parametrize("damage", ["empty", "half", "garbage"])
def test_a_damaged_store_is_an_error(database: Path, damage: str) -> None:
    content = database.read_bytes()
    database.write_bytes(
        {"empty": b"", "half": content[: len(content) // 2], "garbage": b"\xff" * 4096}[damage]
    )
    (store,) = findings(database, runs=False)
    assert store.state == "error"
    assert store.found.startswith(f"{database}: ")


def test_no_store_yet(tmp_path: Path) -> None:
    (store,) = findings(tmp_path / "metadata.db", runs=False)
    assert store.state == "ok"
    assert list(tmp_path.iterdir()) == []
