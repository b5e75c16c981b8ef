"""Each version with its state on the disk, in the config and at the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving.client import VersionStatus
from serving.registry.model_config import Served
from serving.registry.overview import FAILED, GONE, NEW, NOT_SERVED, UNREACHABLE, Row, rows

FOLLOW = Served()
LABELS = Served((2, 4), {"stable": 4, "beta": 4, "canary": 2})
STATUSES = {
    4: VersionStatus(4, "AVAILABLE"),
    3: VersionStatus(3, "END"),
    2: VersionStatus(2, "LOADING"),
    1: VersionStatus(1, "END", "no graph"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version in range(1, 6):
        (tmp_path / str(version)).mkdir()
        (tmp_path / str(version) / "saved_model.pb").write_bytes(bytes(10 * version))
    (tmp_path / "6").mkdir()  # still being copied
    return tmp_path


@pytest.mark.parametrize(
    ("served", "statuses", "states"),
    [
        (LABELS, STATUSES, {5: NEW, 4: "AVAILABLE", 3: NOT_SERVED, 2: "LOADING", 1: NOT_SERVED}),
        (LABELS, None, {5: NEW, 4: UNREACHABLE, 3: NOT_SERVED, 2: UNREACHABLE, 1: NOT_SERVED}),
        (FOLLOW, STATUSES, {5: NOT_SERVED, 4: "AVAILABLE", 3: NOT_SERVED, 2: "LOADING", 1: FAILED}),
        (FOLLOW, None, dict.fromkeys(range(5, 0, -1), UNREACHABLE)),
        (FOLLOW, {}, dict.fromkeys(range(5, 0, -1), NOT_SERVED)),
    ],
)
def test_states(
    folder: Path, served: Served, statuses: dict[int, VersionStatus] | None, states: dict[int, str]
) -> None:
    listed = rows(folder, served, statuses)
    assert [(row.version, row.state) for row in listed] == list(states.items())


def test_the_failure_of_a_load_and_the_labels(folder: Path) -> None:
    listed = {row.version: row for row in rows(folder, LABELS, STATUSES)}
    assert (listed[1].error, listed[4].error) == ("no graph", "")
    assert (listed[4].labels, listed[2].labels, listed[3].labels) == (("beta", "stable"), ("canary",), ())


def test_what_comes_from_the_manifest(folder: Path) -> None:
    about = {"pushed_at": "2026-01-01", "metrics": {"primary": 0.5}}
    (folder / "5" / "manifest.json").write_text(json.dumps(about))
    newest = rows(folder, FOLLOW, None)[0]
    assert newest == Row(5, "2026-01-01", 0.5, 50 + len(json.dumps(about)), UNREACHABLE, "", ())
    (folder / "5" / "manifest.json").write_text(
        json.dumps(about | {"forced": {"reason": "urgent", "against": []}})
    )
    assert rows(folder, FOLLOW, None)[0].forced == "urgent"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\0"])
def test_a_damaged_manifest_is_named_and_hides_no_other_version(folder: Path, content: bytes) -> None:
    (folder / "5" / "manifest.json").write_bytes(content)
    newest, *others = rows(folder, FOLLOW, None)
    assert "5/manifest.json: not the JSON of a manifest" in newest.error
    assert [row.version for row in others] == [4, 3, 2, 1]


def test_versions_that_are_gone_from_the_disk_are_listed(tmp_path: Path) -> None:
    served = Served((7, 9), {"stable": 9})
    gone = rows(tmp_path / "none", served, {7: VersionStatus(7, "AVAILABLE"), 3: VersionStatus(3, "END")})
    assert [(row.version, row.state, row.bytes) for row in gone] == [(9, GONE, None), (7, "AVAILABLE", None)]
