"""What earlier runs left in the pushed folder, on versions that real pushes have made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.resolvers.pushed.lookup import (
    latest_of_another_training,
    latest_other_model,
    latest_other_statistics,
)
from serving.registry import pushing
from serving.registry.manifest import file_sums, holds
from serving.registry.version_folder import STATISTICS, model_files


def push(
    base: Path, *, model: str, data: str, forced: bool = False, statistics: bool = True, training: str = ""
) -> Path:
    """A version whose model is one file, as AtomicPusher writes it."""
    number = pushing.next_version(base)
    source = base.parent / f"model-{number}"
    (source / "variables").mkdir(parents=True)
    (source / "saved_model.pb").write_text(model)
    (source / "variables" / "weights").write_text("w" + model)
    made = base.parent / f"statistics-{number}"
    (made / "Split-train").mkdir(parents=True)
    (made / "Split-train" / "FeatureStats.pb").write_text(data)
    about: dict[str, Any] = {"data_fingerprint": data}
    if training:
        about["training"] = training
    if forced:
        about["forced"] = {"reason": "because"}
    folders = {STATISTICS: made} if statistics else {}
    return pushing.push(source, base, number, extra={"settings.yaml": "a: 1\n"}, folders=folders, about=about)


def sums(tmp_path: Path, model: str) -> dict[str, str]:
    """Of a candidate's files."""
    folder = tmp_path / "candidate" / model
    (folder / "variables").mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(model)
    (folder / "variables" / "weights").write_text("w" + model)
    return file_sums(folder)


def number(found: Path | None) -> int | None:
    return None if found is None else int(found.name)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_before_any_push_nothing_is_found(base: Path, tmp_path: Path) -> None:
    assert latest_other_model(base, sums(tmp_path, "a")) is None
    assert latest_other_statistics(base, "x") is None


def test_the_candidate_itself_is_skipped(base: Path, tmp_path: Path) -> None:
    push(base, model="a", data="x")
    assert latest_other_model(base, sums(tmp_path, "a")) is None
    assert number(latest_other_model(base, sums(tmp_path, "b"))) == 1
    push(base, model="b", data="x")
    assert number(latest_other_model(base, sums(tmp_path, "b"))) == 1
    assert number(latest_other_model(base, sums(tmp_path, "c"))) == 2


def test_a_model_of_this_very_training_is_skipped(base: Path) -> None:
    assert latest_of_another_training(base, "x", "t") is None
    push(base, model="a", data="x", training="t")
    assert latest_of_another_training(base, "x", "t") is None
    # Other data, other settings, and a version whose manifest has no training.
    assert number(latest_of_another_training(base, "y", "t")) == 1
    assert number(latest_of_another_training(base, "x", "u")) == 1
    push(base, model="b", data="y", training="t")
    push(base, model="c", data="x", training="t")
    assert number(latest_of_another_training(base, "x", "t")) == 2
    push(base, model="d", data="x")
    assert number(latest_of_another_training(base, "x", "t")) == 4
    push(base, model="e", data="z", training="t", forced=True)
    assert number(latest_of_another_training(base, "x", "t")) == 4


def test_no_model_is_compared_with_a_forced_one(base: Path, tmp_path: Path) -> None:
    push(base, model="a", data="x")
    push(base, model="b", data="y", forced=True)
    assert number(latest_other_model(base, sums(tmp_path, "c"))) == 1
    assert latest_other_statistics(base, "z") == base / "1" / STATISTICS


def test_versions_go_by_number_and_not_by_name(base: Path, tmp_path: Path) -> None:
    for model in "abcdefghijk":
        push(base, model=model, data="x")
    assert number(latest_other_model(base, sums(tmp_path, "z"))) == 11


def test_folders_that_no_pusher_made_are_skipped(base: Path, tmp_path: Path) -> None:
    push(base, model="a", data="x")
    (base / "7").mkdir()
    (base / "7" / "saved_model.pb").touch()
    (base / "8").write_text("a file")
    (base / "notes").mkdir()
    assert number(latest_other_model(base, sums(tmp_path, "c"))) == 1


def test_statistics_of_the_same_data_are_skipped(base: Path) -> None:
    push(base, model="a", data="x")
    assert latest_other_statistics(base, "x") is None
    push(base, model="b", data="y")
    push(base, model="c", data="y")
    assert latest_other_statistics(base, "y") == base / "1" / STATISTICS
    assert latest_other_statistics(base, "x") == base / "3" / STATISTICS


def test_a_version_without_statistics_is_skipped(base: Path) -> None:
    push(base, model="a", data="x")
    push(base, model="b", data="y", statistics=False)
    assert latest_other_statistics(base, "z") == base / "1" / STATISTICS


def test_the_model_s_own_files_and_the_statistics_are_in_the_manifest(base: Path) -> None:
    version = push(base, model="a", data="x")
    assert model_files(version) == ["saved_model.pb", "variables/weights"]
    assert (version / STATISTICS / "Split-train" / "FeatureStats.pb").read_text() == "x"
    assert holds(version, file_sums(version))
