"""Which folders are complete versions, what lies in them, and whether one has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serving.registry.version_folder import content_of, model_files, versions_in


def test_versions_are_the_numbered_folders_with_a_graph(tmp_path: Path):
    for name in ("1", "007", "7", "00012", "x", "-3", "1.5", "٣", ".9", "20", str(2**63)):
        (tmp_path / name).mkdir()
        if name != "20":
            (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "30").touch()
    assert list(versions_in(tmp_path).items()) == [
        (1, tmp_path / "1"),
        (7, tmp_path / "7"),
        (12, tmp_path / "00012"),
    ]


def test_a_missing_base_is_an_error_unless_the_caller_allows_it(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        versions_in(tmp_path / "nowhere")
    assert versions_in(tmp_path / "nowhere", missing_ok=True) == {}


def test_the_files_of_the_model_are_all_but_what_the_push_adds(tmp_path: Path):
    for name in ("saved_model.pb", "variables/weights", "settings.yaml", "statistics/a", "manifest.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert model_files(tmp_path) == ["saved_model.pb", "variables/weights"]


def test_the_content_changes_with_any_file(tmp_path: Path):
    assert content_of(tmp_path / "nowhere") == ()
    (tmp_path / "variables").mkdir()
    index = tmp_path / "variables" / "variables.index"
    index.write_bytes(b"a")
    seen = [content_of(tmp_path)]
    assert content_of(tmp_path) == seen[0]
    index.write_bytes(b"ab")
    seen.append(content_of(tmp_path))
    os.utime(index, ns=(0, 0))
    seen.append(content_of(tmp_path))
    index.unlink()
    seen.append(content_of(tmp_path))
    assert len(set(seen)) == 4
