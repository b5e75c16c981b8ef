"""The scale benchmark: which measurements it makes, keeps and shows, without making any."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from benchmarks.scale import __main__ as scale
from benchmarks.scale.measured import Measured, Part
from pipeline.beam.args import pipeline_args
from pipeline.settings import load


def parts(*names: str, memory: float = 100.0) -> list[Part]:
    return [Part(name=name, wall=2.0, unhindered=1.0, cpu=1.5, memory=memory) for name in names]


def memory_of(measured: Measured, name: str) -> float:
    part = measured.part(name)
    assert part is not None
    return part.memory


LINE = ("CorpusGen", "StatisticsGen", "Transform")


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "results" / "scale.json"
    monkeypatch.setattr(scale, "RESULTS", path)
    return path


def test_a_repeated_measurement_replaces_the_former_one(results: Path) -> None:
    scale._keep(2_000, 2, parts("predict", memory=1.0))
    scale._keep(2_000, 1, parts("predict", memory=2.0))
    scale._keep(1_000, 2, parts("predict", memory=3.0))
    scale._keep(2_000, 2, parts("Transform", memory=4.0))
    scale._keep(2_000, 2, parts("predict", memory=5.0))
    kept = msgspec.json.decode(results.read_bytes(), type=list[Measured])
    assert [(each.workers, each.sentences, memory_of(each, "predict")) for each in kept] == [
        (1, 2_000, 2.0),
        (2, 1_000, 3.0),
        (2, 2_000, 5.0),
    ]
    assert memory_of(kept[2], "Transform") == 4.0


def test_existing_measurements_are_shown_and_not_repeated(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for workers in (1, 2):
        scale._keep(1_000, workers, parts(*LINE, "predict"))
    # A measurement would need the folder `nowhere`.
    picture, nowhere = tmp_path / "picture.svg", tmp_path / "none" / "there"
    arguments = [
        "--sentences",
        "1_000",
        "--workers",
        "1,2",
        "--picture",
        str(picture),
        "--home",
        str(nowhere),
    ]
    monkeypatch.setattr(sys, "argv", ["scale", *arguments])
    with pytest.raises(SystemExit) as ended:
        scale.main()
    assert ended.value.code == 0
    assert "| 2 workers | 1,000 |" in capsys.readouterr().out
    ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    # The Trainer has not been measured.
    monkeypatch.setattr(sys, "argv", ["scale", *arguments, "--training"])
    with pytest.raises(FileNotFoundError, match="there"):
        scale.main()


def test_two_workers_are_two_processes_of_beam() -> None:
    arguments = pipeline_args(load(assignments=scale._beam(2)).beam)
    assert {"--direct_num_workers=2", "--direct_running_mode=multi_processing"} <= set(arguments)
    assert not pipeline_args(load(assignments=scale._beam(1)).beam)
