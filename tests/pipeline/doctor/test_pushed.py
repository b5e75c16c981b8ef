"""The models folder: versions that differ, are unfinished or unverifiable, and damaged state beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.doctor.finding import Finding
from pipeline.doctor.pushed import findings
from serving.registry import model_config
from serving.registry.model_config import Served
from tests.serving.registry.test_pushing import push, source_in


@pytest.fixture
def base(tmp_path: Path) -> Path:
    source, base = source_in(tmp_path / "model"), tmp_path / "models" / "tagger"
    for version in (1, 2, 3):
        push(source, base, version)
    return base


def bad(base: Path) -> list[tuple[str, str, str]]:
    """State, name and text of whatever is not fine."""
    found: list[Finding] = list(findings(base, "tagger"))
    assert all(bool(one.remedy) == (one.state != "ok") for one in found)
    return [(one.state, one.what, one.found) for one in found if one.state != "ok"]


def test_intact_versions(base: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in base.rglob("*")}
    (found,) = findings(base, "tagger")
    assert found == Finding("models", "ok", f"versions in {base}, all as they were pushed: 3")
    assert {path: path.stat().st_mtime_ns for path in base.rglob("*")} == before
    assert [one.state for one in findings(base.parent / "none", "none")] == ["ok"]


def test_everything_that_differs_is_named(base: Path) -> None:
    (base / "1" / "saved_model.pb").write_bytes(b"grapH")
    for name in ("manifest.json", "manifest.json.sha256"):
        (base / "2" / name).unlink()
    (base / "3" / "manifest.json").write_bytes(b"")
    (base / "7").mkdir()
    model_config.write(base, model_config.new(base, "tagger").serving(Served((9,), {"stable": 9})))
    (base / "labels.jsonl").write_text('{"change": "promo')
    (base / ".highest-version").write_bytes(b"")
    states, names, texts = zip(*bad(base), strict=True)
    assert states == ("error", "warning", "error", "warning", "error", "warning", "warning")
    assert names == ("version 1", "version 2", "version 3", "models", "labels", "labels", "models")
    for text, part in zip(
        texts,
        ("changed saved_model.pb", "no manifest", "manifest.json: not the JSON", "7 in", "stable = 9: no such version",
         "labels.jsonl: line 1", ".highest-version: found b''"),
        strict=True,
    ):  # fmt: skip
        assert part in text


def test_a_config_that_cannot_be_read(base: Path) -> None:
    (base / "models.config").write_bytes(b"\xff")
    ((state, name, text),) = bad(base)
    assert (state, name) == ("error", "labels")
    assert "not a ModelServerConfig" in text
