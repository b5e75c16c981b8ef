"""ServingCheck: small real models behind a real server, and the comparison of answers by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.corpus_gen.example import to_example
from components.serving_check.budgets import BUDGETS, Budgets, rules
from components.serving_check.comparison import TOLERANCE, differences
from components.serving_check.executor import Executor
from components.serving_check.requests import HARD_TEXTS, recorded_sentences, texts_of
from components.serving_check.verdict import ServingVerdict, answers_rule, read
from corpus.sentence import Sentence
from serving.client import TaggedSentence
from serving.client.answers import TaggedToken
from tests.serving import tiny_model

SENTENCES = [line.split() for line in ("Anna lives in Paris .", "it rains", "Zoë Müller met 東京", "Yes")]


class CountsCalls(tiny_model.CapitalsTagger):
    """Grows surer with every call, as a model with state would."""

    def __init__(self) -> None:
        super().__init__("PER")
        self._calls = tf.Variable(0.0)

    def _tagged(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        outputs = super()._tagged(tokens)
        return outputs | {"score": outputs["score"] + 0.001 * self._calls.assign_add(1.0)}


class SeesItsBatch(tiny_model.CapitalsTagger):
    """Tags by what else is in the batch, as a model does that does not mask its padding."""

    def _tagged(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        outputs = super()._tagged(tokens)
        several = tf.shape(outputs["tags"])[0] > 1
        return outputs | {"tags": tf.where(several & (outputs["tags"] == "O"), "B-PER", outputs["tags"])}


def examples_in(folder: Path, sentences: list[list[str]], split: str = "test") -> Any:
    (folder / f"Split-{split}").mkdir(parents=True)
    # Two shards, to be read in their order.
    for shard in (0, 1):
        path = folder / f"Split-{split}" / f"data-0000{shard}-of-00002.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for tokens in sentences[shard * 2 : shard * 2 + 2]:
                example = to_example(Sentence(tuple(tokens), ("O",) * len(tokens)), ["O"] * len(tokens))
                writer.write(example.SerializeToString())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names([split])
    return artifact


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
        {"model": [artifact], "examples": [examples_in(folder / "examples", sentences)]},
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


def test_a_model_that_answers_alike_everywhere_is_blessed(tmp_path: Path) -> None:
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


def test_without_sentences_the_hard_texts_are_asked(tmp_path: Path) -> None:
    checked = check(tmp_path, tiny_model.CapitalsTagger("PER"), [])
    assert checked.verdict["reasons"] == []
    assert checked.verdict["answers"] == 2 * len(HARD_TEXTS)


def test_a_model_with_state_is_not_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, CountsCalls())
    assert not checked.blessed
    assert checked.files == {"verdict.json", "server.log", "INFRA_NOT_BLESSED"}
    assert "a probability is off by" in checked.verdict["reasons"][0]


def test_a_model_that_sees_its_batch_is_not_blessed(tmp_path: Path) -> None:
    checked = check(tmp_path, SeesItsBatch("PER"))
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
    assert read(str(tmp_path / "blessing")).broken
    assert "saved_model.pb" in checked.log


def test_a_model_over_its_budgets_is_not_blessed_and_works(tmp_path: Path) -> None:
    """Every budget is far below what any model takes."""
    budgets = Budgets(max_median_ms=1e-6, max_p99_ms=1e-6, max_model_mb=1e-6)
    checked = check(tmp_path, tiny_model.CapitalsTagger("PER"), budgets=budgets)
    assert not checked.blessed
    begins = ("the median latency is ", "the p99 latency is ", "the model size is ")
    for reason, begin in zip(checked.verdict["reasons"], begins, strict=True):
        assert reason.startswith(begin)
        assert "; asked: at most 1e-06 " in reason
    assert checked.verdict["answers"] > 0
    assert not read(str(tmp_path / "blessing")).broken


@pytest.mark.parametrize(
    ("budget", "passed"), [(None, [True] * 3), (2.0, [True, False, False]), (7.5, [True, True, True])]
)
def test_a_budget_is_an_upper_bound(budget: float | None, passed: list[bool]) -> None:
    budgets = Budgets(max_median_ms=budget, max_p99_ms=budget, max_model_mb=budget)
    found = rules(budgets, median_ms=2.0, p99_ms=7.5, model_bytes=7_500_000)
    assert [rule.passed for rule in found] == passed
    assert [rule.value for rule in found] == [2.0, 7.5, 7.5]
    assert all(bool(rule.skipped) == (budget is None) for rule in found)


def test_what_was_not_measured_is_skipped() -> None:
    median, p99, size = rules(Budgets(max_median_ms=1.0), median_ms=None, p99_ms=None, model_bytes=1)
    assert median.passed
    assert median.skipped == p99.skipped == "the server did not answer"
    assert size.value == 1e-6


@pytest.mark.parametrize(
    ("answered", "over_budget", "broken"),
    [(True, False, False), (True, True, False), (False, False, True), (False, True, True)],
)
def test_over_budget_is_not_broken(answered: bool, over_budget: bool, broken: bool) -> None:
    found = [
        answers_rule([] if answered else ["other tags"], 3),
        *rules(Budgets(max_median_ms=1.0 if over_budget else 9.0), median_ms=5.0, p99_ms=5.0, model_bytes=1),
    ]
    verdict = ServingVerdict(
        blessed=all(rule.passed for rule in found), reasons=[], answers=3, median_ms=5.0, seconds_to_ready=1.0,
        rules=found,
    )  # fmt: skip
    assert verdict.broken == broken


def test_a_refusal_that_names_no_rule_is_broken() -> None:
    """As versions before the budgets wrote it."""
    old = ServingVerdict(blessed=False, reasons=["x"], answers=0, median_ms=None, seconds_to_ready=None)
    assert old.broken


def test_sentences_come_in_the_order_of_the_shards(tmp_path: Path) -> None:
    examples = examples_in(tmp_path, SENTENCES)
    assert recorded_sentences(examples, split="test", count=3) == SENTENCES[:3]
    assert recorded_sentences(examples, split="test", count=99) == SENTENCES


def test_a_missing_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="test"):
        recorded_sentences(examples_in(tmp_path, SENTENCES, split="train"), split="test", count=1)


def test_texts_are_tokens_a_blank_apart() -> None:
    assert texts_of(SENTENCES[:2]) == ["Anna lives in Paris .", "it rains"]


SERVED = TaggedSentence(
    text="Anna sings",
    tokens=(TaggedToken("Anna", "B-PER", 0.75, 0, 4), TaggedToken("sings", "O", 0.5, 5, 10)),
    entities=(),
    score=0.25,
)


def expected(**changes: Any) -> dict[str, tf.Tensor]:
    arrays: dict[str, Any] = {
        "tags": [["B-PER", "O", ""]],
        "lengths": [2],
        "confidence": [[0.75, 0.5, 0.0]],
        "score": [0.25],
        "tokens": [["Anna", "sings", ""]],
        "starts": [[0, 5, 0]],
        "ends": [[4, 10, 0]],
    }
    return {name: tf.constant(value) for name, value in (arrays | changes).items()}


def test_the_same_answer_has_no_differences() -> None:
    assert differences([SERVED], expected()) == []
    assert differences([], {name: tensor[:0] for name, tensor in expected().items()}) == []


def test_answers_to_tokens_have_no_offsets_to_compare() -> None:
    arrays = {name: expected()[name] for name in ("tags", "lengths", "confidence", "score")}
    assert differences([SERVED], arrays) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tags": [["B-LOC", "O", ""]]}, "token 0: served B-PER, expected B-LOC"),
        ({"tags": [["O", "B-PER", ""]]}, "token 0: served B-PER, expected O, and 1 more"),
        ({"lengths": [1]}, "served 2 tags, expected 1"),
        ({"confidence": [[0.75, 0.51, 0.0]]}, "a probability is off by 0.01; at most 0.0001 is allowed"),
        ({"score": [0.3]}, "a probability is off by 0.05; at most 0.0001 is allowed"),
        ({"confidence": [[math.nan, 0.5, 0.0]]}, "a probability is off by nan; at most 0.0001 is allowed"),
        ({"starts": [[0, 6, 0]]}, "the served offsets differ"),
        ({"tokens": [["Anne", "sings", ""]]}, "the served tokens differ"),
    ],
)
def test_every_difference_is_told(changes: dict[str, Any], told: str) -> None:
    assert differences([SERVED], expected(**changes)) == [f"'Anna sings': {told}"]


def test_nan_on_both_sides_is_no_agreement() -> None:
    served = replace(SERVED, score=math.nan)
    assert len(differences([served], expected(score=[math.nan]))) == 1


def test_the_tolerance_is_for_rounding_only() -> None:
    assert differences([SERVED], expected(score=[0.25 + TOLERANCE / 2])) == []
    assert differences([SERVED], expected(score=[0.25 + TOLERANCE * 2])) != []


def test_answers_that_are_missing_are_told() -> None:
    assert differences([], expected()) == ["1 sentences were asked about, 0 answered"]


def test_it_tells_which_sentence_it_is() -> None:
    two = {name: tf.concat([tensor, tensor], 0) for name, tensor in expected().items()}
    other = replace(SERVED, text="Anna sings again", score=0.9)
    (found,) = differences([SERVED, other], two, where="in a batch, ")
    assert found.startswith("in a batch, 'Anna sings again': a probability")
