"""PushedModel, PushedBaseModel and PushedStatistics on hand-made artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.types import artifact_utils, standard_artifacts

from components.resolvers.pushed.executor import FOUND, BaseModelExecutor, ModelExecutor, StatisticsExecutor
from serving.registry import pushing
from serving.registry.version_folder import STATISTICS


def folder_of(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with one version."""
    base = tmp_path / "models"
    model = folder_of(
        tmp_path / "old", {"saved_model.pb": "old", "variables/weights": "w", "assets/words": "x"}
    )
    statistics = folder_of(
        tmp_path / "s", {"Split-train/FeatureStats.pb": "t", "Split-dev/FeatureStats.pb": "d"}
    )
    pushing.push(
        model,
        base,
        1,
        extra={"settings.yaml": ""},
        folders={STATISTICS: statistics},
        about={"data_fingerprint": "x", "training": "t"},
    )
    return base


def artifact(kind: Any, uri: Path) -> Any:
    made = kind()
    made.uri = str(uri)
    return made


def found_model(tmp_path: Path, base: Path, candidate: dict[str, str]) -> Any:
    own = artifact(standard_artifacts.Model, tmp_path / "candidate")
    folder_of(tmp_path / "candidate" / "Format-Serving", candidate)
    found = artifact(standard_artifacts.Model, tmp_path / "found")
    ModelExecutor().Do({"candidate": [own]}, {"model": [found]}, {"destination": str(base)})
    return found


def test_the_model_is_copied_as_the_trainer_lays_it_out(tmp_path: Path, base: Path) -> None:
    found = found_model(tmp_path, base, {"saved_model.pb": "new"})
    assert found.get_int_custom_property(FOUND) == 1
    serving = Path(found.uri) / "Format-Serving"
    files = {
        path.relative_to(serving).as_posix(): path.read_text()
        for path in serving.rglob("*")
        if path.is_file()
    }
    assert files == {"saved_model.pb": "old", "variables/weights": "w", "assets/words": "x"}


def test_without_another_model_there_is_an_empty_folder(tmp_path: Path, base: Path) -> None:
    same = {"saved_model.pb": "old", "variables/weights": "w", "assets/words": "x"}
    found = found_model(tmp_path, base, same)
    assert found.get_int_custom_property(FOUND) == 0
    assert found.has_custom_property(FOUND)
    assert list(Path(found.uri).iterdir()) == []


@pytest.mark.parametrize(("training", "is_found"), [("u", 1), ("t", 0)])
def test_the_model_of_another_training(tmp_path: Path, base: Path, training: str, is_found: int) -> None:
    examples = artifact(standard_artifacts.Examples, tmp_path / "examples")
    examples.set_string_custom_property("data_fingerprint", "x")
    found = artifact(standard_artifacts.Model, tmp_path / "found")
    properties = {"destination": str(base), "training": training}
    BaseModelExecutor().Do({"examples": [examples]}, {"model": [found]}, properties)
    assert found.get_int_custom_property(FOUND) == is_found
    assert (Path(found.uri) / "Format-Serving" / "saved_model.pb").exists() == bool(is_found)


@pytest.mark.parametrize(("fingerprint", "splits"), [("y", ["dev", "train"]), ("x", None)])
def test_the_statistics_of_other_data(
    tmp_path: Path, base: Path, fingerprint: str, splits: list[str] | None
) -> None:
    examples = artifact(standard_artifacts.Examples, tmp_path / "examples")
    examples.set_string_custom_property("data_fingerprint", fingerprint)
    found = artifact(standard_artifacts.ExampleStatistics, tmp_path / "found")
    StatisticsExecutor().Do({"examples": [examples]}, {"statistics": [found]}, {"destination": str(base)})
    assert found.get_int_custom_property(FOUND) == int(splits is not None)
    if splits:
        assert artifact_utils.decode_split_names(found.split_names) == splits
        assert Path(found.uri, "Split-dev", "FeatureStats.pb").read_text() == "d"
    else:
        assert list(Path(found.uri).iterdir()) == []
