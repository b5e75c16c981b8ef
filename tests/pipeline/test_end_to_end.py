"""The line on a tiny corpus: real TFX, real Beam, a real server. One pipeline, run again and again.

The tests of a class run in their order, each on what the one before has left: that is what they are about.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import settings
from pipeline.runners import local
from pipeline.runs import outcome
from pipeline.runs.lineage import Lineage, Step
from pipeline.runs.progress import DOING
from pipeline.settings import METADATA, Settings
from pipeline.stages.code_hash import code_of
from pipeline.stages.deployment import UNCACHED
from serving.client import Tagger
from serving.registry.manifest import file_sums, manifest
from serving.registry.version_folder import versions_in
from serving.server.process import start_server_process
from tests.docs import documents

PEOPLE = ("Anna Berg", "John Smith", "Maria", "Tom Lee", "Washington")
PLACES = ("Rome", "Berlin", "New York", "Washington")
PATTERNS = (
    "{person} lives in {place} .",
    "{person} left {place} on Monday .",
    "In {place} it rains .",
    "Mr {person} won !",
    "Nobody came .",
)
COMPONENTS = (
    "CorpusGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "CorpusGate", "Transform", "Trainer",
    "Baseline", "Evaluator", "Predictor", "ServingCheck", "ModelGate", "AtomicPusher", "Report",
)  # fmt: skip


def _tagged(name: str, label: str) -> str:
    first, *rest = name.split()
    return "\n".join([f"{first}\tB-{label}", *(f"{word}\tI-{label}" for word in rest)])


def _sentence(pattern: str, person: str, place: str) -> str:
    lines = []
    for word in pattern.split():
        if word == "{person}":
            lines.append(_tagged(person, "PER"))
        elif word == "{place}":
            lines.append(_tagged(place, "LOC"))
        else:
            lines.append(f"{word}\tO")
    return "\n".join(lines) + "\n\n"


def write_corpus(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    sentences = [_sentence(*parts) for parts in itertools.product(PATTERNS, PEOPLE, PLACES)]
    (folder / "train.conll").write_text("".join(sentences[::2]))
    (folder / "dev.conll").write_text("".join(sentences[1::4]))
    (folder / "test.conll").write_text("".join(sentences[3::4]))
    return folder


TINY = (
    "trainer.epochs=6", "trainer.word_embedding=16", "trainer.byte_filters=8", "trainer.lstm_units=16",
    "trainer.learning_rate=0.02", "evaluation.floor=0.3", "evaluation.crfsuite.enabled=false",
    "serving.check_requests=4",
)  # fmt: skip


def assignments(home: Path, *changes: str) -> list[str]:
    return [
        f"data={home / 'corpus'}", f"pipeline.root={home / 'runs'}", f"serving.models={home / 'models'}",
        "name=tiny", *TINY, *changes,
    ]  # fmt: skip


def run(home: Path, *changes: str) -> tuple[Settings, dict[str, Step]]:
    chosen = settings.load(assignments=assignments(home, *changes))
    local.run(chosen)
    lineage = Lineage(chosen.run_dir / METADATA)
    return chosen, lineage.steps(lineage.run_ids()[-1], COMPONENTS)


def executed(steps: dict[str, Step]) -> set[str]:
    # A resolver has no work that a cache could spare.
    return {name for name, step in steps.items() if not step.cached} - {"Baseline"}


class TestOnePipeline:
    @pytest.fixture(scope="class")
    def home(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        home = tmp_path_factory.mktemp("line")
        write_corpus(home / "corpus")
        return home

    def test_the_first_run_pushes_a_model_that_answers(self, home: Path) -> None:
        chosen, steps = run(home)
        assert executed(steps) == set(COMPONENTS) - {"Baseline"}
        assert set(steps) <= set(DOING), "every component is introduced on the console"
        assert list(versions_in(chosen.models_dir)) == [1]
        version = chosen.models_dir / "1"
        about = manifest(version)
        assert about["files"] == file_sums(version)
        assert about["data_fingerprint"] == steps["CorpusGen"].only("examples").properties["data_fingerprint"]
        assert about["metrics"]["primary"] >= 0.3
        assert settings.load(config=version / "settings.yaml") == chosen.with_absolute_paths()
        with start_server_process(chosen.models_dir, "tiny", home / "server.log") as server:
            tagged = Tagger(server.target, "tiny").tag("Anna Berg lives in New York .")
        assert [(e.label, e.text, e.start, e.end) for e in tagged.entities] == [
            ("PER", "Anna Berg", 0, 9),
            ("LOC", "New York", 19, 27),
        ]

    def test_what_transform_wrote_is_what_serving_computes(self, home: Path) -> None:
        """No skew: the exported features are those the model was trained on."""
        import tensorflow as tf

        from trainer.features import token_features, vocabulary
        from trainer.input_pipeline import batches

        chosen = settings.load(assignments=assignments(home))
        lineage = Lineage(chosen.run_dir / METADATA)
        transform = lineage.step(lineage.run_ids()[-1], "Transform")
        assert transform is not None
        words = vocabulary.load(transform.only("transform_graph").uri)
        files = sorted(Path(transform.only("transformed_examples").uri, "Split-train").glob("*.gz"))
        sentences = list(batches.sentences([str(file) for file in files]))
        assert len(sentences) == 50
        table = words.word_table()
        for sentence in sentences:
            tf.debugging.assert_equal(sentence.words, table.lookup(token_features.normalise(sentence.tokens)))
            tf.debugging.assert_equal(sentence.cases, token_features.case_ids(sentence.tokens))
            assert [words.tags[i] for i in sentence.labels.numpy()] == [
                t.decode() for t in sentence.tags.numpy()
            ]

    def test_an_unchanged_run_is_cached(self, home: Path) -> None:
        chosen, steps = run(home)
        assert executed(steps) == set(UNCACHED)
        assert list(versions_in(chosen.models_dir)) == [1], "a model is not pushed twice"
        pushed = steps["AtomicPusher"].only("pushed_model").properties
        assert pushed["duplicate"] == 1
        assert str(pushed["pushed_destination"]).endswith("/1")

    def test_a_changed_floor_asks_evaluator_and_gate_alone(self, home: Path) -> None:
        _, steps = run(home, "evaluation.floor=0.2")
        assert executed(steps) == {"Evaluator", "ModelGate", *UNCACHED}
        assert steps["Evaluator"].only("blessing").properties["blessed"] == 1

    def test_changed_code_runs_what_it_stands_behind(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # `pipeline.stages.evaluation` asks for the hashes of this stage.
        monkeypatch.setattr(
            "pipeline.stages.evaluation.code_of",
            lambda component: "edited" if component == "ServingCheck" else code_of(component),
        )
        _, steps = run(home, "evaluation.floor=0.2")
        assert executed(steps) == {"ServingCheck", "ModelGate", *UNCACHED}

    def test_a_worse_model_is_not_pushed(self, home: Path) -> None:
        done = _run_worse(home)
        assert done.returncode == 3, done.stdout + done.stderr
        last_line = done.stdout.strip().splitlines()[-1]
        assert last_line.startswith("refused ModelGate did not bless it: entity F1 (strict) fell by")
        chosen = settings.load(assignments=assignments(home, *WORSE))
        steps = Lineage(chosen.run_dir / METADATA).steps(
            Lineage(chosen.run_dir / METADATA).run_ids()[-1], COMPONENTS
        )
        assert executed(steps) == {
            "Trainer", "Evaluator", "Predictor", "ServingCheck", "ModelGate", *UNCACHED,
        }  # fmt: skip
        assert steps["ModelGate"].only("blessing").properties["blessed"] == 0
        assert steps["Evaluator"].only("blessing").properties["blessed"] == 1, "it knows the floor alone"
        assert list(versions_in(chosen.models_dir)) == [1]
        lineage = Lineage(chosen.run_dir / METADATA)
        refusals = outcome.refusals(lineage, lineage.run_ids()[-1])
        (reason,) = (one for one in refusals if "below the latest blessed model" in one)
        assert "entity F1 (strict) fell by" in reason
        assert "below the latest blessed model (95 % interval of the difference -" in reason
        assert reason.endswith("; allowed: 0.01")
        page = Path(steps["Report"].only("report").uri, "index.html").read_text()
        assert "Not pushed" in page
        assert "entity F1 (strict) fell by" in page

    def test_a_refused_model_is_pushed_by_force_and_marked_for_ever(self, home: Path) -> None:
        done = _run_worse(home, "--force-bless", "the test split is wrong")
        assert done.returncode == 0, done.stdout + done.stderr
        refused, forced, where = done.stdout.strip().splitlines()[-3:]
        assert refused.startswith("refused ModelGate did not bless it: entity F1 (strict) fell by")
        assert forced == (
            "pushed against the verdict; the manifest keeps the reason: the test split is wrong"
        )
        chosen = settings.load(assignments=assignments(home, *WORSE))
        assert where.split() == ["forced", str(chosen.models_dir / "2")]
        steps = Lineage(chosen.run_dir / METADATA).steps(
            Lineage(chosen.run_dir / METADATA).run_ids()[-1], COMPONENTS
        )
        assert executed(steps) == set(UNCACHED), "the verdict stays what it is"
        assert steps["ModelGate"].only("blessing").properties["blessed"] == 0
        about = manifest(chosen.models_dir / "2")["forced"]
        assert about["reason"] == "the test split is wrong"
        assert [f"refused ModelGate did not bless it: {words}" for words in about["against"]] == [refused]
        status = subprocess.run(_tagline(home, "status"), capture_output=True, text=True, check=True)
        assert "forced: the test split is wrong" in status.stdout

    def test_a_better_one_becomes_version_3_and_is_not_measured_by_the_forced(self, home: Path) -> None:
        chosen, steps = run(home, "trainer.seed=2", "evaluation.allowed_fall=1.0")
        assert list(versions_in(chosen.models_dir)) == [1, 2, 3]
        about = manifest(chosen.models_dir / "3")
        assert about["version"] == 3
        assert "forced" not in about
        (first, *_) = _made_by(chosen, "Trainer")
        assert steps["Baseline"].only("model").id == first != steps["Trainer"].only("model").id

    @pytest.mark.parametrize("start", ["status", "predict", "decode --set"])
    def test_the_readmes_commands_on_a_pushed_model(self, home: Path, tmp_path: Path, start: str) -> None:
        words = shlex.split(documents.command(f".venv/bin/tagline {start}"))[1:]
        words = [word.replace("build/", f"{tmp_path}/") for word in words]
        settings_ = [part for change in assignments(home) for part in ("--set", change)]
        tagline = [sys.executable, "-m", "pipeline.cli.app"]
        done = subprocess.run(
            [*tagline, *words, *settings_], capture_output=True, text=True, cwd=documents.ROOT
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if start == "predict":
            assert (tmp_path / "test" / "_SUCCESS").exists()
            parts = sorted((tmp_path / "test").glob("part-*.jsonl"))
            lines = [line for part in parts for line in part.read_text().splitlines()]
            sample = (documents.ROOT / "sample/corpus/test.conll").read_text()
            assert len(lines) == sum(bool(block.strip()) for block in sample.split("\n\n"))
            assert json.loads(lines[0])["tokens"]


WORSE = ("trainer.epochs=1", "trainer.learning_rate=0.00001", "evaluation.floor=0.0")


def _run_worse(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    changes = (part for change in WORSE for part in ("--set", change))
    return subprocess.run([*_tagline(home, "run"), *changes, *arguments], capture_output=True, text=True)


def _made_by(chosen: Settings, component: str) -> list[int]:
    """Ids of the models of all runs, the oldest first."""
    lineage = Lineage(chosen.run_dir / METADATA)
    steps = (lineage.step(run_id, component) for run_id in lineage.run_ids())
    return [step.only("model").id for step in steps if step]


def _tagline(home: Path, *arguments: str) -> list[str]:
    settings_ = [part for change in assignments(home) for part in ("--set", change)]
    return [sys.executable, "-m", "pipeline.cli.app", *arguments, *settings_]


@pytest.mark.slow
def test_a_killed_training_is_finished_by_the_next_run(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    long = ("--set", "trainer.epochs=40")
    log = tmp_path / "first.log"
    with log.open("wb") as out:
        process = subprocess.Popen([*_tagline(tmp_path, "run"), *long], stdout=out, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 240
    while "epoch 3/40" not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not versions_in(tmp_path / "models" / "tiny", missing_ok=True)

    second = subprocess.run([*_tagline(tmp_path, "run"), *long], capture_output=True, text=True)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "resuming after epoch" in second.stdout
    assert "epoch 1/40" not in second.stdout
    assert list(versions_in(tmp_path / "models" / "tiny")) == [1]
    cached = outcome.load(tmp_path / "runs" / "tiny")
    assert cached is not None
    assert {"CorpusGen", "Transform"} <= set(cached.cached)

    report = subprocess.run(_tagline(tmp_path, "report"), capture_output=True, text=True, check=True)
    assert "<!doctype html>" in Path(report.stdout.strip()).read_text()
    decoded = subprocess.run(
        [*_tagline(tmp_path, "decode", "--format", "jsonl", "Maria left Rome .")],
        capture_output=True,
        text=True,
    )
    assert decoded.returncode == 0, decoded.stderr
    assert [entity["text"] for entity in json.loads(decoded.stdout)["entities"]] == ["Maria", "Rome"]


def test_a_malformed_line_stops_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    train = corpus / "train.conll"
    lines = train.read_text().splitlines()
    lines[9] = "Monday"
    train.write_text("\n".join(lines))
    done = subprocess.run(_tagline(tmp_path, "run"), capture_output=True, text=True)
    assert done.returncode == 2
    assert "train.conll:10: " in done.stdout
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "models").exists()


def test_a_corpus_that_breaks_after_the_check_stops_in_corpus_gen(tmp_path: Path) -> None:
    """The component itself refuses too: other runners have no check before it."""
    from corpus.errors import CorpusError

    corpus = write_corpus(tmp_path / "corpus")
    with (corpus / "dev.conll").open("ab") as dev:
        dev.write(b"\xff\xfe\tO\n")
    with pytest.raises(CorpusError, match=r"dev\.conll:\d+: "):
        run(tmp_path)
    assert not list((tmp_path / "runs").rglob("*.gz"))
    assert not (tmp_path / "models").exists()
