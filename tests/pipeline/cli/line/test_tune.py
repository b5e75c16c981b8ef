"""`tagline tune`: illegal options, and a real search on a tiny corpus, killed and called again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.tuner.trials import SearchTrial, best_of, read_search
from pipeline import settings
from pipeline.runners import local
from pipeline.runs.history import past_runs
from pipeline.runs.lineage import Lineage
from pipeline.settings import METADATA, TUNING
from tests.pipeline.test_end_to_end import assignments, write_corpus

TAGLINE = [sys.executable, "-m", "pipeline.cli.app"]
SEARCHED = (
    "trainer.epochs=2", "tuning.algorithm=random", "tuning.trials=3",
    "tuning.space.learning_rate={min: 0.001, max: 0.05}", "tuning.space.batch_size=[8, 16]",
    *(f"tuning.space.{name}=null" for name in (
        "lstm_units", "word_embedding", "byte_filters", "input_dropout", "output_dropout", "singleton_dropout",
    )),
)  # fmt: skip


def sets(home: Path) -> list[str]:
    return [part for one in assignments(home, *SEARCHED) for part in ("--set", one)]


def tune(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TAGLINE, "tune", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--algorithm", "grid"], "'grid' is not one of 'hyperband',"),
        (["--set", "tuning.space.lstm=[1]"], "space: lstm: no such setting of trainer; expected one of"),
        (
            ["--set", "tuning.space.batch_size={min: 9, max: 8}"],
            "found min 9 and max 8; expected min below max",
        ),
        (["--output", "configs"], "--output configs: found a folder; expected a file to write"),
        (
            ["--config", "configs/sample.yaml", "--output", "configs/sample.yaml"],
            "found the file of --config",
        ),
    ],
)
def test_illegal_options_are_refused_before_the_search(arguments: list[str], message: str) -> None:
    done = tune(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_bad_input_is_reported_and_nothing_is_tried(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "train.conll").write_text("Anna\tB-PER\nlives\n")
    done = tune("--data", str(tmp_path / "corpus"), "--set", f"pipeline.root={tmp_path / 'runs'}")
    assert done.returncode == 2
    assert "nothing was tried" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_the_help_explains_the_search_and_how_it_resumes() -> None:
    words = " ".join(tune("--help").stdout.replace("│", " ").split())
    assert "tuning.space" in words
    assert "trains no trial twice" in words


def search_of(home: Path) -> list[SearchTrial]:
    return read_search(str(home / "runs" / "tiny" / TUNING))


def records_of(home: Path) -> list[Path]:
    return list((home / "runs" / "tiny" / TUNING / "trials").glob("*/trial.json"))


@pytest.mark.slow
class TestOneSearch:
    """In this order: each test uses the files of the one before."""

    @pytest.fixture(scope="class")
    def home(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        home = tmp_path_factory.mktemp("search")
        write_corpus(home / "corpus")
        return home

    def test_after_a_kill_it_resumes_and_trains_nothing_twice(self, home: Path) -> None:
        command = [*TAGLINE, "tune", *sets(home), "--output", str(home / "best.yaml")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 400
            while len(search_of(home)) < 1:
                assert process.poll() is None, "it ended before a trial did"
                assert time.monotonic() < deadline
                time.sleep(0.2)
            os.kill(process.pid, signal.SIGKILL)
        ended = search_of(home)
        records = {path: path.stat().st_mtime_ns for path in records_of(home)}
        assert 0 < len(records) < 3
        assert not (home / "best.yaml").exists()

        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        trials = search_of(home)
        assert [one.number for one in trials] == [1, 2, 3]
        assert [one.known for one in trials[: len(ended)]] == [True] * len(ended)
        assert not trials[-1].known
        assert [one.trial for one in trials[: len(ended)]] == [one.trial for one in ended]
        for path, written in records.items():
            assert path.stat().st_mtime_ns == written, "a trial that had ended was trained again"
        for one in trials:
            assert f"trial {one.number}/3" in done.stdout

    def test_the_file_holds_the_best_of_the_trials(self, home: Path) -> None:
        records = [json.loads(path.read_text()) for path in records_of(home)]
        assert len(records) == 3
        tuned = settings.load(config=home / "best.yaml")
        found = [
            record["dev_score"]
            for record in records
            if record["settings"]
            == {"learning_rate": tuned.trainer.learning_rate, "batch_size": tuned.trainer.batch_size}
        ]
        assert found == [max(record["dev_score"] for record in records)]
        before = settings.load(assignments=assignments(home, *SEARCHED))
        assert (tuned.data, tuned.trainer.lstm_units) == (before.data, before.trainer.lstm_units)

    def test_a_search_is_no_run_of_the_line(self, home: Path) -> None:
        database = home / "runs" / "tiny" / METADATA
        assert past_runs(database) == []
        lineage = Lineage(database)
        assert all(lineage.step(run_id, "Trainer") is None for run_id in lineage.run_ids())
        transform = lineage.step(lineage.run_ids()[-1], "Transform")
        assert transform is not None
        assert transform.cached, "the steps before the search come from the cache"

    def test_in_a_run_the_trainer_takes_the_best_settings_and_reaches_the_same_score(
        self, home: Path
    ) -> None:
        chosen = settings.load(assignments=assignments(home, *SEARCHED, "tuning.enabled=true"))
        local.run(chosen)
        lineage = Lineage(chosen.run_dir / METADATA)
        steps = lineage.steps(lineage.run_ids()[-1], ("Transform", "Tuner", "Trainer"))
        assert steps["Transform"].cached
        trials = search_of(home)
        best = best_of(trials)
        assert best is not None
        extra = Path(steps["Trainer"].only("model").uri, "Format-Serving", "assets.extra")
        trained = json.loads((extra / "training_settings.json").read_text())
        assert {name: trained[name] for name in best.trial.settings} == best.trial.settings
        history = json.loads((extra / "training_history.json").read_text())
        scores = [epoch["dev_score"] for epoch in history["epochs"]]
        assert max(scores) == best.trial.dev_score, "a trial is exactly what a run trains"

    def test_run_takes_the_file_and_reaches_the_same_score(self, home: Path) -> None:
        done = subprocess.run(
            [*TAGLINE, "run", "--config", str(home / "best.yaml")],
            capture_output=True,
            text=True,
            check=False,
        )
        # Whether a gate refuses a model of so few sentences is not the question here.
        assert done.returncode in (0, 3), done.stdout + done.stderr
        lineage = Lineage(home / "runs" / "tiny" / METADATA)
        steps = lineage.steps(lineage.run_ids()[-1], ("Tuner", "Trainer"))
        assert "Tuner" not in steps
        extra = Path(steps["Trainer"].only("model").uri, "Format-Serving", "assets.extra")
        history = json.loads((extra / "training_history.json").read_text())
        best = best_of(search_of(home))
        assert best is not None
        assert max(epoch["dev_score"] for epoch in history["epochs"]) == best.trial.dev_score
