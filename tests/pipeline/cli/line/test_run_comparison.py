"""`tagline report --compare`: a page about two runs of a metadata store, and a short table."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.predictor.answer import Answer
from tests.pipeline.cli.test_app import tagline
from tests.pipeline.runs.metadata_store import Store
from tests.pipeline.runs.recorded_runs import answers, gated, pushed, trained, versions_folder

RIGHT = Answer(tokens=("Ann", "sings"), gold=("B-PER", "O"), predicted=("B-PER", "O"))
WRONG = Answer(tokens=("Ann", "sings"), gold=("B-PER", "O"), predicted=("O", "O"))
SETTINGS = "name: tagger\ntrainer:\n  epochs: {}\n  seed: 1\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two runs with answers, `old` from before there were any."""
    store = Store(tmp_path / "runs" / "tagger")
    old = trained(store, "old")
    folder = versions_folder(tmp_path / "models", version=1, metrics={"entity_f1_strict": 0.375})
    pushed(store, old, pushed=1, pushed_version=1, pushed_destination=str(folder))
    for run_id, given, epochs in (("worse", [RIGHT, WRONG], 2), ("better", [RIGHT, RIGHT], 3)):
        run = trained(store, run_id)
        answers(store, run, given)
        gated(store, run, f1=0.5, reasons=("too low",) if run_id == "worse" else ())
        pushed(store, run, SETTINGS.format(epochs))
    return tmp_path


def compared(home: Path, first: str, second: str) -> list[str]:
    done = tagline(
        "report", "--compare", first, second, "--set", f"pipeline.root={home}/runs",
        "--set", "evaluation.resamples=100",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_last_against_the_one_before(home: Path) -> None:
    lines = compared(home, "previous", "last")
    assert lines[0].startswith("first   worse  refused: too low")
    assert "settings trainer.epochs 2 -> 3" in lines
    rows = {name: cells.split() for name, _, cells in (line.partition("  ") for line in lines)}
    # Two entities; the one found one of them: recall 1/2, precision 1, F1 2/3.
    assert rows["entity F1 (strict)"][:3] == ["0.6667", "1.0000", "+0.3333"]
    assert "sentences right: both 1, the first alone 0, the second alone 1, neither 0" in lines
    page = Path(lines[-1])
    assert page == home / "runs" / "tagger" / "comparisons" / "worse_better.html"
    text = page.read_text(encoding="utf-8")
    assert "Only the second got right: 1" in text
    assert "trainer.epochs" in text
    assert "trainer.seed" not in text


def test_a_run_from_before_there_were_answers(home: Path) -> None:
    lines = compared(home, "1", "better")
    rows = {name: cells.split() for name, _, cells in (line.partition("  ") for line in lines)}
    assert rows["entity F1 (strict)"] == ["0.3750", "0.5000", "+0.1250"]
    assert "Not compared: they did not answer the same sentences" in Path(lines[-1]).read_text()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("last", "better"), "last and better are the same run, better; expected two"),
        (("last", "9"), "9: found better, worse, old; expected the id of one run"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(home: Path, names: tuple[str, str], message: str) -> None:
    done = tagline("report", "--compare", *names, "--set", f"pipeline.root={home}/runs")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (home / "runs" / "tagger" / "comparisons").exists()
