"""Metadata that another program holds."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from pipeline.runs.metadata_lock import Locked, wait_until_free


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "metadata.db"
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE one (a)")
    return path


def test_a_lock_is_waited_for_and_told(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = sqlite3.connect(database, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    released = threading.Timer(1.5, other.rollback)
    released.start()
    wait_until_free(database, patience=60)
    assert not other.in_transaction
    assert caplog.messages == [f"{database} is locked by another program: waiting up to 60 s"]


def test_a_lock_that_stays_is_an_error(database: Path) -> None:
    other = sqlite3.connect(database)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Locked, match=r"is locked by another program: expected it to be free within 0\.1 s"):
        wait_until_free(database, patience=0.1)


def test_what_is_missing_or_broken_is_not_waited_for(tmp_path: Path, database: Path) -> None:
    wait_until_free(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    database.write_bytes(b"no database" * 100)
    wait_until_free(database)
