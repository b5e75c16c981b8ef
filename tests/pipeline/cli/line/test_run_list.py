"""`tagline report --list`: every run and how it ended, from the metadata alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.line.run_list import short_ids
from pipeline.runs.history import PastRun, past_runs
from tests.pipeline.cli.test_app import tagline
from tests.pipeline.runs.recorded_runs import every_ending


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    every_ending(home)
    return home


def listed(home: Path) -> list[PastRun]:
    return past_runs(home / "runs" / "tagger" / "metadata.db")


def arguments(home: Path) -> tuple[str, ...]:
    return ("--set", f"pipeline.root={home}/runs", "--set", f"serving.models={home}/models")


def test_the_table(home: Path) -> None:
    done = tagline("report", "--list", *arguments(home))
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0].split() == ["run", "began", "data", "model", "test", "dev", "verdict"]
    assert rows[1].startswith("2026-01-08T10:00:00 ")
    assert "refused: entity_f1_strict [x] is 0.25" in done.stdout
    assert "FORCED as version 3: the boss said so" in done.stdout
    # Two of one second can be distinguished.
    assert sum(row.startswith("2026-01-02T10:00:00.00000") for row in rows) == 2
    assert "bbbbbbbb" in done.stdout
    assert "test and dev: entity F1 (strict)" in done.stdout
    assert sum(row.startswith("report of ") for row in rows) == 6


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


def test_ids_are_cut_where_they_stay_apart() -> None:
    assert short_ids(["a.1", "b.1", "b.2", "c"]) == ["a", "b.1", "b.2", "c"]
