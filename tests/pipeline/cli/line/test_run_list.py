"""`tagline report --list`: every run and what became of it, from the metadata alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.line.run_list import short_ids
from pipeline.runs.history import PastRun, chosen, past_runs
from pipeline.settings import SettingsError
from tests.pipeline.cli.test_app import tagline
from tests.pipeline.runs.metadata import Store
from tests.pipeline.runs.past_lines import FAILED, RUNNING, gated, pushed, trained, versions_folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that has seen everything; run 1 is the oldest."""
    home = tmp_path_factory.mktemp("home")
    store = Store(home / "runs" / "tagger")
    before = versions_folder(home / "models", version=1, metrics={"primary": 0.625})

    run = trained(store, "2026-01-01T10:00:00.000001", dev=0.5)  # before there was a ModelGate
    store.step(run, "Evaluator", "blessing", properties={"blessed": 1})
    pushed(store, run, pushed=1, pushed_version=1, pushed_destination=str(before))

    run = trained(store, "2026-01-02T10:00:00.000001", fingerprint="b" * 64, dev=0.75)
    gated(store, run, f1=0.8125)
    pushed(store, run, pushed=1, pushed_version=2, pushed_destination=str(home / "models/tagger/2"))

    run = trained(store, "2026-01-02T10:00:00.000002", dev=0.75)
    gated(store, run, f1=0.8125)
    pushed(store, run, pushed=1, duplicate=1, pushed_version=2)

    run = trained(store, "2026-01-03T10:00:00.000001")
    gated(store, run, f1=0.25, reasons=("entity_f1_strict [x] is 0.25", "and more"))
    pushed(store, run)

    run = trained(store, "2026-01-04T10:00:00.000001")
    gated(store, run, f1=0.25, reasons=("too low",))
    pushed(store, run, pushed=1, pushed_version=3, forced="the boss said so")

    run = trained(store, "2026-01-05T10:00:00.000001")
    store.step(run, "ServingCheck", state=FAILED)

    run = store.run("2026-01-06T10:00:00.000001")
    store.step(run, "CorpusGen", state=RUNNING)

    run = trained(store, "2026-01-07T10:00:00.000001")
    store.step(run, "Evaluator", "blessing", properties={"blessed": 0})
    pushed(store, run)

    run = trained(store, "2026-01-08T10:00:00.000001")
    gated(store, run, f1=0.5)
    store.step(
        run, "ServingCheck", "blessing", properties={"blessed": 0},
        files={"verdict.json": {"blessed": False, "reasons": ["the server did not start: no port\nlog"]}},
    )  # fmt: skip
    pushed(store, run)
    return home


def listed(home: Path) -> list[PastRun]:
    return past_runs(home / "runs" / "tagger" / "metadata.db")


def arguments(home: Path) -> tuple[str, ...]:
    return ("--set", f"pipeline.root={home}/runs", "--set", f"serving.models={home}/models")


def test_what_became_of_each_run(home: Path) -> None:
    assert [(run.run_id[8:10], run.ending, run.version, run.why) for run in listed(home)] == [
        ("08", "refused", None, "the server did not start: no port"),
        ("07", "refused", None, "Evaluator did not bless it"),
        ("06", "not ended", None, "CorpusGen"),
        ("05", "broken", None, "ServingCheck"),
        ("04", "forced", 3, "the boss said so"),
        ("03", "refused", None, "entity_f1_strict [x] is 0.25"),
        ("02", "in place", 2, ""),
        ("02", "pushed", 2, ""),
        ("01", "pushed", 1, ""),
    ]


def test_scores_data_and_reports(home: Path) -> None:
    runs = {run.run_id[8:10]: run for run in listed(home)}
    assert (runs["02"].test, runs["02"].dev, runs["02"].primary) == (0.8125, 0.75, "entity_f1_strict")
    assert runs["02"].fingerprint == "b" * 64
    # Of a run from before ModelGate the manifest of what it pushed tells the score, else nothing does.
    assert (runs["01"].test, runs["01"].dev) == (0.625, 0.5)
    assert (runs["07"].test, runs["07"].dev) == (None, 0.5)
    assert (runs["06"].model, runs["06"].fingerprint, runs["06"].report) == (None, "", None)
    assert runs["01"].report is not None
    assert runs["01"].report.read_text() == "<!doctype html>"


def test_the_table(home: Path) -> None:
    done = tagline("report", "--list", *arguments(home))
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0].split() == ["run", "began", "data", "model", "test", "dev", "verdict"]
    assert rows[1].startswith("2026-01-08T10:00:00 ")
    assert "refused: entity_f1_strict [x] is 0.25" in done.stdout
    assert "FORCED as version 3: the boss said so" in done.stdout
    # Two of one second are told apart.
    assert sum(row.startswith("2026-01-02T10:00:00.00000") for row in rows) == 2
    assert "bbbbbbbb" in done.stdout
    assert "test and dev: entity F1 (strict)" in done.stdout
    assert sum(row.startswith("report of ") for row in rows) == 7


def test_as_json(home: Path) -> None:
    done = tagline("report", "--list", "--json", *arguments(home))
    rows = json.loads(done.stdout)
    assert [row["ending"] for row in rows] == [run.ending for run in listed(home)]
    assert rows[-1]["test"] == 0.625
    assert Path(rows[-1]["report"]).is_file()


def test_it_is_fast_as_it_imports_nothing_heavy(home: Path) -> None:
    program = f"""
import sys
from pipeline.cli.line.report import report
report(all_runs=True, assignments={[f"pipeline.root={home}/runs"]!r})
print([name for name in ("tensorflow", "tfx", "numpy", "apache_beam", "matplotlib") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("last", "2026-01-08T10:00:00.000001"),
        ("previous", "2026-01-07T10:00:00.000001"),
        ("1", "2026-01-01T10:00:00.000001"),
        ("2", "2026-01-02T10:00:00.000001"),  # who made the version, not who found it in place
        ("3", "2026-01-04T10:00:00.000001"),
        ("2026-01-05", "2026-01-05T10:00:00.000001"),
        ("2026-01-02T10:00:00.000002", "2026-01-02T10:00:00.000002"),
    ],
)
def test_a_run_is_named_in_several_ways(home: Path, name: str, found: str) -> None:
    assert chosen(listed(home), name).run_id == found


@pytest.mark.parametrize("name", ["2026-01-02", "2026", "9", "nonsense"])
def test_a_name_of_no_run_or_of_several_is_refused(home: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="expected the id of one run or its beginning"):
        chosen(listed(home), name)


def test_there_is_no_previous_of_one(tmp_path: Path) -> None:
    trained(Store(tmp_path / "tagger"), "only")
    with pytest.raises(SettingsError, match="previous: found 1 run; expected 2 or more"):
        chosen(past_runs(tmp_path / "tagger" / "metadata.db"), "previous")


def test_a_corpus_that_was_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "tagger")
    run = trained(store, "only")
    store.step(run, "CorpusGate", state=FAILED)
    (found,) = past_runs(tmp_path / "tagger" / "metadata.db")
    assert found.verdict == "refused: CorpusGate stopped the run"


def test_ids_are_cut_where_they_stay_apart() -> None:
    assert short_ids(["a.1", "b.1", "b.2", "c"]) == ["a", "b.1", "b.2", "c"]


def test_without_metadata_there_are_no_runs(tmp_path: Path) -> None:
    assert past_runs(tmp_path / "metadata.db") == []
    assert not (tmp_path / "metadata.db").exists()
