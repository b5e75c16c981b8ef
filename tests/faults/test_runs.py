"""Runs of the line that are killed in each component, or meet a broken world: the next one ends right.

The runs of a test are forks of one process; see `line_process`.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from files.sums import sums_below
from pipeline.runs.history import past_runs
from pipeline.runs.lineage import Lineage
from pipeline.settings import METADATA
from serving.registry.manifest import verify
from serving.registry.version_folder import versions_in
from tests.docs.documents import ROOT
from tests.faults.conftest import Faults
from tests.pipeline.test_end_to_end import assignments, write_corpus

SMALL = ("trainer.epochs=2", "evaluation.floor=0")
# In the order of a run; a resolver makes nothing.
STOPPED = (
    "CorpusGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "CorpusGate", "Transform", "Trainer",
    "ServingCheck", "Evaluator", "Predictor", "ModelGate", "AtomicPusher", "Report",
)  # fmt: skip


def arguments(home: Path, *changes: str) -> list[str]:
    return ["run", *(part for one in assignments(home, *SMALL, *changes) for part in ("--set", one))]


def attempts(folder: Path, listed: Sequence[dict[str, Any]], **environment: str) -> list[dict[str, Any]]:
    """How each of the runs ended."""
    path = folder / "attempts.json"
    path.write_text(json.dumps(listed))
    program = [sys.executable, "-m", "tests.faults.line_process", str(path)]
    done = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment}, timeout=550
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"code"')]


def answers(home: Path) -> dict[str, object]:
    """The pushed weights, and the answers to the test split."""
    lineage = Lineage(home / "runs" / "tiny" / METADATA)
    predictor = lineage.step(lineage.run_ids()[-1], "Predictor")
    assert predictor is not None
    answered = gzip.decompress(Path(predictor.only("predictions").uri, "candidate.jsonl.gz").read_bytes())
    version = home / "models" / "tiny" / "1"
    weights = {n: s for n, s in sums_below(version).items() if n.startswith("variables/variables.data")}
    return {**weights, **{f"answer {i}": line for i, line in enumerate(answered.splitlines())}}


def require_one_intact_version(models: Path) -> None:
    versions = versions_in(models)
    assert list(versions) == [1]
    assert verify(versions[1]).is_intact
    assert verify(versions[1]).files
    assert not list(models.glob(".staging-*"))


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a pipeline whose run nothing disturbed."""
    home = tmp_path_factory.mktemp("ended")
    write_corpus(home / "corpus")
    (whole,) = attempts(home, [{"arguments": arguments(home)}])
    assert whole["code"] == 0, whole["text"]
    return home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB, less than a model."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_run_that_is_killed_in_every_component_ends_as_if_it_had_not_been(
    ended: Path, tmp_path: Path, faults: Faults
) -> None:
    write_corpus(tmp_path / "corpus")
    kills = [{"arguments": arguments(tmp_path), "at": at, "how": "kill_inside"} for at in STOPPED]
    with faults.tried(len(kills)):
        *killed, last = attempts(tmp_path, [*kills, {"arguments": arguments(tmp_path)}])
        assert [one["code"] for one in killed] == [-9] * len(kills), [one["text"][-500:] for one in killed]
        assert last["code"] == 0, last["text"]
    require_one_intact_version(tmp_path / "models" / "tiny")
    faults.compare(answers(tmp_path), answers(ended))
    told = [run.verdict for run in past_runs(tmp_path / "runs" / "tiny" / METADATA)]
    # Killed in the pusher, the version was in place but not published, so the next runs found it there.
    in_place = "version 1 is this model already"
    *earlier, _ = STOPPED
    assert told == [in_place, in_place, *(f"did not end: stopped in {at}" for at in reversed(earlier))]


def test_what_disturbs_a_run_is_told_in_a_line_and_the_next_one_ends(
    ended: Path, tmp_path: Path, faults: Faults
) -> None:
    again = arguments(ended)
    with faults.tried(4):
        interrupted, before, lost, clock, last = attempts(
            tmp_path,
            [
                {"arguments": again, "at": "AtomicPusher", "how": "interrupt_twice"},
                {"arguments": again, "at": "Report", "how": "kill_before"},
                {"arguments": again, "at": "Report", "how": "lose_an_input"},
                {"arguments": again, "at": "AtomicPusher", "how": "turn_the_clock_back"},
                {"arguments": again},
            ],
        )
        assert interrupted["code"] == 130, interrupted["text"]
        assert "the next `tagline run` resumes" in interrupted["text"]
        assert "Traceback" not in interrupted["text"]
        assert before["code"] == -9
        assert lost["code"] == 1
        assert "Report failed: Changed: " in lost["text"]
        assert "candidate.jsonl.gz is missing since the step that made it ended; run again" in lost["text"]
        assert clock["code"] == 0, clock["text"]
        assert "done anew, not taken from the cache: " in clock["text"]
        assert last["code"] == 0, last["text"]
    require_one_intact_version(ended / "models" / "tiny")


def test_a_poor_environment(ended: Path, tmp_path: Path, faults: Faults) -> None:
    """No HOME, no locale, 64 open files, and metadata that another program holds for a while."""
    database = sqlite3.connect(ended / "runs" / "tiny" / METADATA, check_same_thread=False)
    database.execute("BEGIN EXCLUSIVE")
    released = threading.Timer(30, database.rollback)
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "LC_ALL")}
    released.start()
    with faults.tried(4):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli.app", *arguments(ended)],
            cwd=ROOT, capture_output=True, text=True, env={**environment, "LANG": "C"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        )  # fmt: skip
        released.join()
        assert done.returncode == 0, done.stdout + done.stderr
    require_one_intact_version(ended / "models" / "tiny")


def test_a_disk_that_is_full_and_one_that_is_read_only(
    ended: Path, small_disk: Path, tmp_path: Path, faults: Faults
) -> None:
    pushing = arguments(ended, f"serving.models={small_disk}")
    with faults.tried(2):
        full, read_only, enough = attempts(
            tmp_path,
            [
                {"arguments": pushing},
                {"arguments": pushing, "before": ["mount", "-o", "remount,ro", str(small_disk)]},
                {"arguments": pushing, "before": ["mount", "-o", "remount,rw,size=64m", str(small_disk)]},
            ],
        )
        assert full["code"] == 1, full["text"]
        assert f"AtomicPusher failed: no space left on the disk of {small_disk}" in full["text"]
        assert read_only["code"] == 2
        assert "serving.models: found" in read_only["text"]
        assert "cannot be written to" in read_only["text"]
        assert enough["code"] == 0, enough["text"]
    # The push that found no space left no version and took no number.
    require_one_intact_version(small_disk / "tiny")
