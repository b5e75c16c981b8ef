"""How each run ended, from the metadata alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.runs.history import PastRun, find_run, past_runs
from pipeline.runs.killed import mark_killed
from pipeline.settings import SettingsError
from tests.pipeline.runs.metadata_store import Store
from tests.pipeline.runs.recorded_runs import FAILED, RUNNING, every_ending, gated, trained


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[PastRun]:
    home = tmp_path_factory.mktemp("home")
    every_ending(home)
    return past_runs(home / "runs" / "tagger" / "metadata.db")


def test_every_ending(runs: list[PastRun]) -> None:
    assert [(run.run_id[8:10], run.ending, run.version, run.why) for run in runs] == [
        ("08", "refused", None, "the server did not start: no port"),
        ("07", "not ended", None, "stopped after Evaluator"),
        ("06", "not ended", None, "CorpusGen is running, or was killed"),
        ("05", "broken", None, "ServingCheck"),
        ("04", "forced", 3, "the boss said so"),
        ("03", "refused", None, "entity_f1_strict [x] is 0.25"),
        ("02", "in place", 2, ""),
        ("02", "pushed", 2, ""),
        ("01", "pushed", 1, ""),
    ]


def test_scores_data_and_reports(runs: list[PastRun]) -> None:
    by_day = {run.run_id[8:10]: run for run in runs}
    assert (by_day["02"].test, by_day["02"].dev, by_day["02"].primary) == (0.8125, 0.75, "entity_f1_strict")
    assert by_day["02"].fingerprint == "b" * 64
    # A run that stopped before ModelGate has no score on the test split.
    assert (by_day["01"].test, by_day["01"].dev) == (0.625, 0.5)
    assert (by_day["07"].test, by_day["07"].dev) == (None, 0.5)
    assert (by_day["06"].model, by_day["06"].fingerprint, by_day["06"].report) == (None, "", None)
    assert by_day["01"].report is not None
    assert by_day["01"].report.read_text() == "<!doctype html>"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("last", "2026-01-08T10:00:00.000001"),
        ("previous", "2026-01-07T10:00:00.000001"),
        ("1", "2026-01-01T10:00:00.000001"),
        (
            "2",
            "2026-01-02T10:00:00.000001",
        ),  # the run that made the version, not the one whose model was in place
        ("3", "2026-01-04T10:00:00.000001"),
        ("2026-01-05", "2026-01-05T10:00:00.000001"),
        ("2026-01-02T10:00:00.000002", "2026-01-02T10:00:00.000002"),
    ],
)
def test_a_run_is_named_in_several_ways(runs: list[PastRun], name: str, found: str) -> None:
    assert find_run(runs, name).run_id == found


@pytest.mark.parametrize("name", ["2026-01-02", "2026", "9", "nonsense"])
def test_a_name_of_no_run_or_of_several_is_refused(runs: list[PastRun], name: str) -> None:
    with pytest.raises(SettingsError, match="expected the id of one run or its beginning"):
        find_run(runs, name)


def test_a_single_run_has_no_previous(tmp_path: Path) -> None:
    trained(Store(tmp_path / "tagger"), "only")
    with pytest.raises(SettingsError, match="previous: found 1 run; expected 2 or more"):
        find_run(past_runs(tmp_path / "tagger" / "metadata.db"), "previous")


def test_a_corpus_that_was_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "tagger")
    run = trained(store, "only")
    store.step(run, "CorpusGate", state=FAILED)
    (found,) = past_runs(tmp_path / "tagger" / "metadata.db")
    assert found.verdict == "refused: CorpusGate stopped the run"


def test_a_run_that_was_killed_after_a_gate_refused_did_not_end(tmp_path: Path) -> None:
    store = Store(tmp_path / "tagger")
    run = trained(store, "only")
    gated(store, run, f1=0.1, reasons=("too low",))
    (found,) = past_runs(tmp_path / "tagger" / "metadata.db")
    assert found.verdict == "did not end: stopped after ModelGate"


def test_what_a_kill_left_running_is_marked_when_the_next_run_starts(tmp_path: Path) -> None:
    database = tmp_path / "tagger" / "metadata.db"
    mark_killed(database)
    assert not database.exists()
    store = Store(tmp_path / "tagger")
    run = trained(store, "first")
    store.step(run, "Evaluator", state=RUNNING)
    (found,) = past_runs(database)
    assert found.verdict == "did not end: Evaluator is running, or was killed"
    mark_killed(database)
    (found,) = past_runs(database)
    assert found.verdict == "did not end: stopped in Evaluator"
    # What ended stays as it was.
    assert found.steps.steps["Trainer"].complete


def test_without_metadata_there_are_no_runs(tmp_path: Path) -> None:
    assert past_runs(tmp_path / "metadata.db") == []
    assert not (tmp_path / "metadata.db").exists()
