"""The record of the last run."""

from __future__ import annotations

from pathlib import Path

from pipeline.doctor.last_run import findings


def test_a_missing_and_a_damaged_record(tmp_path: Path) -> None:
    assert [(one.state, one.found) for one in findings(tmp_path)] == [("ok", "none has finished yet")]
    (tmp_path / "last_run.json").write_bytes(b"{")
    assert [one.state for one in findings(tmp_path)] == ["warning"]
