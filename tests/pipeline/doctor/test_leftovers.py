"""Drafts left behind and locks that are held."""

from __future__ import annotations

import os
from pathlib import Path

from files.lock import held
from pipeline.doctor.leftovers import drafts, locks


def test_a_lock_is_seen_without_being_taken(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    assert list(locks([lock])) == []
    with held(lock):
        (found,) = locks([lock])
        assert (found.state, found.found) == ("ok", f"{lock}: held by process {os.getpid()}")
    assert list(locks([lock])) == []


def test_drafts_of_every_writer_are_found(tmp_path: Path) -> None:
    assert [one.state for one in drafts([tmp_path, tmp_path / "none"], busy=False)] == ["ok"]
    names = ("a/.last_run.json.draft", "a/trial.json.draft-12", "b/.staging-x1/variables/x")
    for name in (*names, "a/draft", "a/x.draft", "a/last_run.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (found,) = drafts([tmp_path], busy=False)
    assert found.state == "warning"
    expected = {"a/.last_run.json.draft", "a/trial.json.draft-12", "b/.staging-x1"}
    assert set(found.found.partition(": ")[2].split(", ")) == {str(tmp_path / name) for name in expected}
    assert [one.state for one in drafts([tmp_path], busy=True)] == ["ok"]
