"""Report's executor on hand-made artifacts, with a real metadata store beside it."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import msgspec
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import CorpusVerdict, Predictions, RunReport
from components.corpus_gen.example import to_example
from components.corpus_gen.summary import FILE_NAME as SUMMARY
from components.predictor import answer
from components.report.answers.lengths import sentence_lengths
from components.report.component import Report
from components.report.executor import EXTRA, Executor
from corpus.sentence import Sentence
from tests.components.report.report_runs import ANALYSIS, ANSWERS, PUSHED, REFUSED, TRANSITIONS
from tests.components.report.test_page import Page
from tests.components.report.test_timings import COMPLETE, Runner

TOKENS = {"train": ["one two three", "one", "one two"] * 500, "test": ["a b", ""]}


def examples_in(folder: Path) -> Any:
    for split, texts in TOKENS.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        path = folder / f"Split-{split}" / "data-00000-of-00001.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for text in texts:
                tokens = tuple(text.split())
                example = to_example(Sentence(tokens, ("O",) * len(tokens)), ["O"] * len(tokens))
                writer.write(example.SerializeToString())
    (folder / SUMMARY).write_bytes(PUSHED.corpus.to_json())
    artifact = standard_artifacts.Examples()
    artifact.uri, artifact.split_names = str(folder), artifact_utils.encode_split_names(list(TOKENS))
    return artifact


def at(artifact: Any, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    artifact.uri = str(folder)
    return artifact


def report(folder: Path, *, whole: bool = True, forced: str = "") -> tuple[str, Any]:
    """The page's HTML, and the model's artifact. Without `whole`, as an older line left its artifacts."""
    examples = examples_in(folder / "examples")
    model = at(standard_artifacts.Model(), folder / "model")
    extra = folder / "model" / "Format-Serving" / EXTRA
    extra.mkdir(parents=True)
    (extra / "training_history.json").write_text(json.dumps(PUSHED.history))
    verdict = at(CorpusVerdict(), folder / "corpus_verdict")
    PUSHED.corpus_verdict.write(verdict.uri)
    infra = at(standard_artifacts.InfraBlessing(), folder / "infra")
    (folder / "infra" / "verdict.json").write_text(json.dumps(PUSHED.serving))
    blessing = at(standard_artifacts.ModelBlessing(), folder / "blessing")
    pushed = standard_artifacts.PushedModel()
    inputs = {
        "examples": [examples], "model": [model], "corpus_verdict": [verdict], "infra_blessing": [infra],
        "model_blessing": [blessing], "pushed_model": [pushed],
    }  # fmt: skip
    metadata = ""
    if whole:
        version = folder / "served" / "4"
        version.mkdir(parents=True)
        about = {"version": 4, "files": {}} | (
            {"forced": {"reason": forced, "against": []}} if forced else {}
        )
        (version / "manifest.json").write_text(json.dumps(about))
        pushed.set_int_custom_property("pushed", 1)
        pushed.set_int_custom_property("pushed_version", 4)
        pushed.set_string_custom_property("pushed_destination", str(version))
        (extra / "transitions.json").write_bytes(msgspec.json.encode(TRANSITIONS))
        gate = REFUSED.verdict if forced else PUSHED.verdict
        assert gate is not None
        blessing.set_int_custom_property("baseline_model_id", 5)
        (folder / "blessing" / "verdict.json").write_text(gate.to_json())
        (folder / "blessing" / "analysis.json").write_text(ANALYSIS.to_json())
        predictions = at(Predictions(), folder / "predictions")
        answer.write(folder / "predictions" / answer.CANDIDATE, ANSWERS)
        inputs["predictions"] = [predictions]
        metadata = str(folder / "metadata.db")
        Runner(folder / "metadata.db").execute("run-1", "Trainer", 1_000, 38_250, COMPLETE)
    output = at(RunReport(), folder / "report")
    context = base_executor.BaseExecutor.Context(pipeline_run_id="run-1", tmp_dir=str(folder), unique_id="1")
    Executor(context).Do(inputs, {"report": [output]}, {"settings": PUSHED.settings, "metadata": metadata})
    return (folder / "report" / "index.html").read_text(encoding="utf-8"), model


def test_all_of_a_run_comes_together_on_the_page(tmp_path: Path) -> None:
    page = Page(report(tmp_path)[0])
    assert "Pushed as version 4" in page.text
    assert str(tmp_path / "served" / "4") in page.text
    assert "5 errors in 4 of 5 sentences" in page.text
    assert ["Trainer", "37.2", "", "done", "1970-01-01 00:00:01", ""] in page.rows
    assert "run run-1" in page.text
    assert "Grey ones (6)" in page.text
    assert "against the latest blessed model, artifact 5" in page.text
    assert "0.8125" in page.text
    assert f"python {platform.python_version()}" in page.text
    assert f"tensorflow {tf.__version__}" in page.text


def test_the_models_hash_is_that_of_its_files(tmp_path: Path) -> None:
    html, _ = report(tmp_path)
    folder = tmp_path / "model" / "Format-Serving"
    lines = sorted(
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    )
    expected = hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()
    assert expected in Page(html).text


def test_what_an_older_line_did_not_write_is_left_out(tmp_path: Path) -> None:
    text = Page(report(tmp_path, whole=False)[0]).text
    assert "Not pushed" in text
    assert "exported without its transition scores" in text
    assert "This run kept no answers to the test split." in text
    assert "ModelGate left no measurements with this run." in text


def test_a_forced_version_is_forced_for_ever(tmp_path: Path) -> None:
    # The artifact does not say so: a later run found the version in place, and its manifest tells.
    text = Page(report(tmp_path, forced="the fair is on Monday")[0]).text
    assert "pushed against the verdict. The reason given: the fair is on Monday" in text


def test_lengths_are_those_of_the_examples(tmp_path: Path) -> None:
    assert sentence_lengths(examples_in(tmp_path)) == {
        "train": {1: 500, 2: 500, 3: 500},
        "test": {0: 1, 2: 1},
    }


def test_the_component_does_without_predictions() -> None:
    def channel(artifact: Any) -> Any:
        return types.Channel(type=artifact)

    made = Report(
        corpus_verdict=channel(CorpusVerdict),
        examples=channel(standard_artifacts.Examples),
        model=channel(standard_artifacts.Model),
        model_blessing=channel(standard_artifacts.ModelBlessing),
        infra_blessing=channel(standard_artifacts.InfraBlessing),
        pushed_model=channel(standard_artifacts.PushedModel),
        settings="name: tagger\n",
    )
    assert "predictions" not in made.inputs
    assert made.exec_properties["metadata"] == ""
