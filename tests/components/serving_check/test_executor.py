"""ServingCheck on small real models behind a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tensorflow as tf
from tfx.types import standard_artifacts

from components.serving_check.budgets import BUDGETS, Budgets
from components.serving_check.executor import Executor
from components.serving_check.requests import HARD_TEXTS
from components.serving_check.verdict import ServingVerdict
from tests.components.recorded import Row, examples_in
from tests.serving import tiny_model

SENTENCES = [line.split() for line in ("Anna lives in Paris .", "it rains", "Zoë Müller met 東京", "Yes")]


class CountsCalls(tiny_model.CapitalsTagger):
    """Raises its score with every call, as a model with state might."""

    def __init__(self) -> None:
        super().__init__("PER")
        self._calls = tf.Variable(0.0)

    def _tagged(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        outputs = super()._tagged(tokens)
        return outputs | {"score": outputs["score"] + 0.001 * self._calls.assign_add(1.0)}


class DependsOnBatch(tiny_model.CapitalsTagger):
    """Tags differently in a batch, as a model does that does not mask its padding."""

    def _tagged(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        outputs = super()._tagged(tokens)
        several = tf.shape(outputs["tags"])[0] > 1
        return outputs | {"tags": tf.where(several & (outputs["tags"] == "O"), "B-PER", outputs["tags"])}


def rows(sentences: list[list[str]]) -> list[Row]:
    return [Row(" ".join(f"{token}/O" for token in tokens)) for tokens in sentences]


class Checked(NamedTuple):
    blessed: bool
    verdict: dict[str, Any]
    files: set[str]
    log: str


def check(
    folder: Path,
    model: tf.Module | None,
    sentences: list[list[str]] = SENTENCES,
    budgets: Budgets | None = None,
) -> Checked:
    """Runs the executor on a model; without one on a folder that no server can load."""
    serving = folder / "model" / "Format-Serving"
    if model is None:
        serving.mkdir(parents=True)
        (serving / "saved_model.pb").write_bytes(b"no graph")
    else:
        names = ("decode_text", "decode", "decode_tokens")
        tf.saved_model.save(model, str(serving), signatures={name: getattr(model, name) for name in names})
    artifact, blessing = standard_artifacts.Model(), standard_artifacts.InfraBlessing()
    artifact.uri, blessing.uri = str(folder / "model"), str(folder / "blessing")
    Executor().Do(
        {"model": [artifact], "examples": [examples_in(folder / "examples", {"test": rows(sentences)})]},
        {"blessing": [blessing]},
        {
            "model_name": "tagger",
            "requests": 3,
            "deadline_seconds": 20.0,
            "start_seconds": 60.0,
            "budgets": msgspec.json.encode(budgets or Budgets()).decode(),
            "code": "",
        },
    )
    verdict = json.loads((folder / "blessing" / "verdict.json").read_text())
    blessed = blessing.get_int_custom_property("blessed") == 1
    assert verdict["blessed"] == blessed
    files = {path.name for path in (folder / "blessing").iterdir()}
    return Checked(blessed, verdict, files, (folder / "blessing" / "server.log").read_text())


def test_a_model_with_the_same_answers_everywhere_is_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, tiny_model.CapitalsTagger("PER"))
    assert checked.verdict["reasons"] == []
    assert checked.blessed
    assert checked.files == {"verdict.json", "server.log", "INFRA_BLESSED"}
    # Every text alone and together, and the three sentences once more as tokens.
    assert checked.verdict["answers"] == 2 * (3 + len(HARD_TEXTS)) + 3
    assert 0 < checked.verdict["median_ms"] <= checked.verdict["p99_ms"]
    files = (tmp_path / "model").rglob("*")
    assert checked.verdict["model_bytes"] == sum(path.stat().st_size for path in files if path.is_file())
    assert [rule["name"] for rule in checked.verdict["rules"]] == ["served answers", *BUDGETS]
    assert all(rule["passed"] for rule in checked.verdict["rules"])
    assert checked.verdict["seconds_to_ready"] > 0


def test_without_sentences_the_hard_texts_are_sent(tmp_path: Path) -> None:
    checked = check(tmp_path, tiny_model.CapitalsTagger("PER"), [])
    assert checked.verdict["reasons"] == []
    assert checked.verdict["answers"] == 2 * len(HARD_TEXTS)


def test_a_model_with_state_is_not_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, CountsCalls())
    assert not checked.blessed
    assert checked.files == {"verdict.json", "server.log", "INFRA_NOT_BLESSED"}
    assert "a probability is off by" in checked.verdict["reasons"][0]


def test_a_model_that_depends_on_its_batch_is_not_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, DependsOnBatch("PER"))
    assert not checked.blessed
    reason = checked.verdict["reasons"][0]
    assert reason.startswith("in a batch, 'Anna lives in Paris .': ")
    assert reason.endswith("token 1: served B-PER, expected O, and 2 more")
    # The text of 2,000 tokens makes no reason of 2,000 tags.
    assert max(map(len, checked.verdict["reasons"])) < 200


def test_a_model_that_does_not_load_is_not_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, None)
    assert not checked.blessed
    assert checked.verdict["reasons"][0].startswith("the server did not start: ")
    assert checked.verdict["answers"] == 0
    assert checked.verdict["median_ms"] is None
    assert checked.verdict["p99_ms"] is None
    assert ServingVerdict.read(str(tmp_path / "blessing")).broken
    assert "saved_model.pb" in checked.log


def test_a_model_over_its_budgets_is_not_blessed_and_works(tmp_path: Path) -> None:
    """Every budget is far below what any model takes."""
    budgets = Budgets(max_median_ms=1e-6, max_p99_ms=1e-6, max_model_mb=1e-6)
    checked = check(tmp_path, tiny_model.CapitalsTagger("PER"), budgets=budgets)
    assert not checked.blessed
    begins = ("the median latency is ", "the p99 latency is ", "the model size is ")
    for reason, begin in zip(checked.verdict["reasons"], begins, strict=True):
        assert reason.startswith(begin)
        assert "; allowed: at most 1e-06 " in reason
    assert checked.verdict["answers"] > 0
    assert not ServingVerdict.read(str(tmp_path / "blessing")).broken
