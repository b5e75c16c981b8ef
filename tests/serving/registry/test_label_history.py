"""The history of labels: added to line by line, readable whatever was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving.registry import label_history
from serving.registry.label_history import FILE, Change, stable_versions


def change(name: str, version: int | None, before: int | None = None, label: str = "stable") -> Change:
    return Change(change=name, label=label, version=version, before=before)


def test_changes_are_read_back_in_order(tmp_path: Path) -> None:
    assert label_history.read(tmp_path) == label_history.History()
    first = Change(change="promote", label="stable", version=1, before=None, reason='"größe"\nnext line')
    second = change("canary", 2, label="canary")
    label_history.append(tmp_path, [first])
    label_history.append(tmp_path, [second])
    label_history.append(tmp_path, [])
    assert label_history.read(tmp_path) == label_history.History((first, second))
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [json.loads(line)["from"] for line in lines] == [None, None]
    assert json.loads(lines[0])["at"].endswith("+00:00")
    assert "reason" not in json.loads(lines[1])


def test_half_a_line_is_reported_and_does_not_run_into_the_next(tmp_path: Path) -> None:
    label_history.append(tmp_path, [change("promote", 1)])
    whole = (tmp_path / FILE).read_bytes()
    for cut in range(1, len(whole) - 1):
        (tmp_path / FILE).write_bytes(whole + whole[:cut])
        assert label_history.read(tmp_path).unreadable == (2,)
        label_history.append(tmp_path, [change("promote", 2, 1)])
        read = label_history.read(tmp_path)
        assert [entry.version for entry in read.changes] == [1, 2]
        assert read.unreadable == (2,)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "1",
        '{"change": "promote"}',
        "{",
        '{"at": "", "change": "", "label": "", "version": "7", "from": 1}',
    ],
)
def test_a_line_of_another_kind_is_reported(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"\n{line}\n")
    assert label_history.read(tmp_path) == label_history.History((), (2,))


@pytest.mark.parametrize(
    ("changes", "stack"),
    [
        ([], []),
        ([change("promote", 1), change("promote", 2), change("promote", 3)], [1, 2, 3]),
        ([change("promote", 1), change("promote", 2), change("rollback", 1)], [1]),
        ([change("promote", 1), change("promote", 2), change("rollback", 1), change("promote", 3)], [1, 3]),
        ([change("promote", 5), change("promote", 3), change("rollback", 5)], [5]),
        ([change("promote", 1), change("follow", None), change("promote", 4)], [4]),
        ([change("promote", 1), change("canary", 2, label="canary")], [1]),
        ([change("promote", 1), change("found", 4, 1)], [1, 4]),
        # A line was lost: whatever a rollback came to is the stable version.
        ([change("promote", 1), change("rollback", 3)], [1, 3]),
    ],
)
def test_the_stable_versions_one_after_another(changes: list[Change], stack: list[int]) -> None:
    assert stable_versions(changes) == stack
