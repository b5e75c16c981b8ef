"""Report's executor on hand-made artifacts, with a real metadata store beside it."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import msgspec
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.types import standard_artifacts

from components.artifacts import CorpusVerdict, Predictions, RunReport
from components.corpus_gen.summary import FILE_NAME as SUMMARY
from components.predictor import answer
from components.report.executor import EXTRA, Executor, installed_versions
from tests.components.recorded import Row, examples_in
from tests.components.report.handmade_runs import ANALYSIS, ANSWERS, PUSHED, REFUSED, TRANSITIONS
from tests.components.report.run_page.test_page import Page
from tests.components.report.run_page.test_timings import COMPLETE, Runner


def at(artifact: Any, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    artifact.uri = str(folder)
    return artifact


def pushed_model(folder: Path, forced: str) -> Any:
    manifest = {"version": 4, "files": {}} | ({"forced": {"reason": forced, "against": []}} if forced else {})
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    pushed = standard_artifacts.PushedModel()
    pushed.set_int_custom_property("pushed", 1)
    pushed.set_int_custom_property("pushed_version", 4)
    pushed.set_string_custom_property("pushed_destination", str(folder))
    return pushed


def report(folder: Path, *, forced: str = "") -> str:
    """Run the executor; returns the page's HTML."""
    extra = folder / "model" / "Format-Serving" / EXTRA
    inputs = {
        "examples": examples_in(folder / "examples", {"train": [Row("a/O b/O")], "test": [Row("c/O")]}),
        "model": at(standard_artifacts.Model(), folder / "model"),
        "predictions": at(Predictions(), folder / "predictions"),
        "corpus_verdict": at(CorpusVerdict(), folder / "corpus_verdict"),
        "infra_blessing": at(standard_artifacts.InfraBlessing(), folder / "infra"),
        "model_blessing": at(standard_artifacts.ModelBlessing(), folder / "blessing"),
        "pushed_model": pushed_model(folder / "served" / "4", forced),
    }
    (folder / "examples" / SUMMARY).write_bytes(PUSHED.corpus.to_json())
    extra.mkdir(parents=True)
    (extra / "training_history.json").write_text(json.dumps(PUSHED.history))
    (extra / "transitions.json").write_bytes(msgspec.json.encode(TRANSITIONS))
    answer.write(folder / "predictions" / answer.CANDIDATE, ANSWERS)
    PUSHED.corpus_verdict.write(str(folder / "corpus_verdict"))
    PUSHED.serving.write(str(folder / "infra"))
    (REFUSED if forced else PUSHED).verdict.write(str(folder / "blessing"))
    (folder / "blessing" / "analysis.json").write_text(ANALYSIS.to_json())
    inputs["model_blessing"].set_int_custom_property("baseline_model_id", 5)
    Runner(folder / "metadata.db").execute("run-1", "Trainer", 1_000, 38_250, COMPLETE)
    context = base_executor.BaseExecutor.Context(pipeline_run_id="run-1", tmp_dir=str(folder), unique_id="1")
    Executor(context).Do(
        {key: [artifact] for key, artifact in inputs.items()},
        {"report": [at(RunReport(), folder / "report")]},
        {"settings": PUSHED.settings, "metadata": str(folder / "metadata.db")},
    )
    return (folder / "report" / "index.html").read_text(encoding="utf-8")


def test_the_page_has_the_content_of_every_input(tmp_path: Path) -> None:
    page = Page(report(tmp_path))
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


def test_code_that_is_no_installed_distribution_has_no_version() -> None:
    assert installed_versions(("tensorflow", "not-installed")) == {"tensorflow": tf.__version__}


def test_the_models_hash_is_that_of_its_files(tmp_path: Path) -> None:
    html = report(tmp_path)
    folder = tmp_path / "model" / "Format-Serving"
    lines = sorted(
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    )
    expected = hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()
    assert expected in Page(html).text


def test_a_forced_version_stays_forced(tmp_path: Path) -> None:
    # The artifact has no such property: a later run found the version in place, and its manifest has the reason.
    text = Page(report(tmp_path, forced="the fair is on Monday")).text
    assert "although a gate refused it. Reason: the fair is on Monday" in text
