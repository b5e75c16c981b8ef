"""Which folders are versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.server.folder import versions_in


def test_only_numbered_folders_with_a_graph_count(tmp_path: Path):
    for name in ("1", "007", "7", "00012", "x", "-3", "1.5", "٣", ".9", "20"):
        (tmp_path / name).mkdir()
        if name != "20":
            (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "30").touch()
    assert versions_in(tmp_path) == {1: tmp_path / "1", 7: tmp_path / "7", 12: tmp_path / "00012"}


def test_a_missing_base_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        versions_in(tmp_path / "nowhere")
