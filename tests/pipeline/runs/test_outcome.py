"""The description of each component, on steps and files made by hand."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import MEASURES
from components.predictor import answer as answers
from components.predictor.answer import Answer
from components.scores.analysis import Analysis, Estimate, Slice
from components.verdict import Rule, Verdict
from corpus.checks.report import Findings, Report
from pipeline.runs import outcome
from pipeline.runs.lineage import Artifact, Lineage, Step
from pipeline.runs.outcome import Outcome, counted, describe
from pipeline.settings import SettingsError
from serving.batch.measures import Measures, Spread

OUTCOME = Outcome(
    run_id="2026-01-01T00:00:00",
    seconds={"CorpusGen": 1.5},
    cached=["CorpusGen"],
    came_out={"CorpusGen": "3 sentences, größer"},
    pushed_to="",
    duplicate=False,
    refusals=["ModelGate did not bless it: entity F1 (strict) is 0.1"],
    report="/runs/t/index.html",
    log="/runs/t/logs/1.log",
)


def step(component: str, key: str, uri: Path | str = "", **properties: Any) -> Step:
    made = Artifact(type="T", uri=str(uri), id=7, properties=properties)
    return Step(component=component, cached=False, complete=True, outputs={key: [made]})


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")


def test_the_last_run_is_read_back(tmp_path: Path) -> None:
    assert outcome.load(tmp_path) is None
    OUTCOME.save(tmp_path)
    assert outcome.load(tmp_path) == OUTCOME
    assert [path.name for path in tmp_path.iterdir()] == ["last_run.json"]


def test_a_later_run_takes_the_place_of_the_last(tmp_path: Path) -> None:
    OUTCOME.save(tmp_path)
    later = Outcome(
        **{name: getattr(OUTCOME, name) for name in OUTCOME.__struct_fields__ if name != "run_id"}, run_id="2"
    )
    later.save(tmp_path)
    assert outcome.load(tmp_path) == later


@pytest.mark.parametrize("content", [b"", b'{"run_id": "2026', b'"\xff\0'])
def test_a_damaged_record_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last_run.json").write_bytes(content)
    with pytest.raises(
        SettingsError, match=r"last_run\.json: not the record of a run.* `tagline run` replaces it"
    ):
        outcome.load(tmp_path)
    OUTCOME.save(tmp_path)
    assert outcome.load(tmp_path) == OUTCOME


def test_the_corpus_by_its_splits(tmp_path: Path) -> None:
    splits = {
        "train": {"sentences": 2400, "tokens": 36000, "repairs": 1200},
        "dev": {"sentences": 300, "tokens": 4000, "repairs": 0},
    }
    write(tmp_path / "corpus.json", {"scheme": "BIO", "splits": splits})
    words = describe(step("CorpusGen", "examples", tmp_path))
    assert words == "train 2,400, dev 300 sentences, 40,000 tokens, BIO; 1,200 tags repaired"
    splits["train"]["repairs"] = 0
    write(tmp_path / "corpus.json", {"scheme": "BIO", "splits": splits})
    assert describe(step("CorpusGen", "examples", tmp_path)).endswith("40,000 tokens, BIO")


@pytest.mark.parametrize("component", ["SchemaGen", "ImportSchemaGen"])
def test_the_schema_by_its_features(tmp_path: Path, component: str) -> None:
    write(tmp_path / "schema.pbtxt", 'feature { name: "tokens" } feature { name: "tags" }')
    assert describe(step(component, "schema", tmp_path)) == "2 features"


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([], "passed"),
        (["D301"], "passed"),
        (["D204"], "passed; 1 warning"),
        (["D204", "D206"] * 2, "passed; 4 warnings"),
    ],
)
def test_the_corpus_gate_by_all_its_warnings(tmp_path: Path, codes: list[str], words: str) -> None:
    findings = Findings(limit=1)
    for code in codes:
        findings.add(code, "found")
    report = Report(findings.ordered(), findings.counts, {})
    write(tmp_path / "verdict.json", json.loads(CorpusGateVerdict.of(report).to_json()))
    assert describe(step("CorpusGate", "verdict", tmp_path)) == words


def test_transform_by_the_sizes_of_vocabularies(tmp_path: Path) -> None:
    write(tmp_path / "transform_fn/assets/words", "9 the\n" * 1001)
    write(tmp_path / "transform_fn/assets/tags", "O\nB-PER\n")
    assert describe(step("Transform", "transform_graph", tmp_path)) == "1,001 words, 2 tags"


def test_the_training_by_its_best_epoch(tmp_path: Path) -> None:
    epochs = [{"number": number, "dev_score": score} for number, score in ((1, 0.5), (2, 0.8125), (3, 0.75))]
    history = {"epochs": epochs, "best": 2, "metric": "entity_f1_strict"}
    write(tmp_path / "Format-Serving/assets.extra/training_history.json", history)
    words = describe(step("Trainer", "model", tmp_path))
    assert words == "entity F1 (strict) 0.8125 on dev, epoch 2 of 3"


def test_the_median_with_the_range_of_all_seeds(tmp_path: Path) -> None:
    epochs = [{"number": 1, "dev_score": 0.5}]
    extra = "Format-Serving/assets.extra"
    history = {"epochs": epochs, "best": 1, "metric": "token_accuracy"}
    write(tmp_path / extra / "training_history.json", history)
    seeds = {"chosen": 4, "lowest": 0.25, "highest": 0.75, "seeds": [{"seed": seed} for seed in (3, 4, 5)]}
    write(tmp_path / extra / "training_seeds.json", seeds)
    words = describe(step("Trainer", "model", tmp_path))
    assert words.endswith("0.5000 on dev, epoch 1 of 1, seed 4, the median of 3 (0.2500 to 0.7500)")


@pytest.mark.parametrize("component", ["Baseline", "BaseModel"])
def test_a_blessed_model_by_its_number(component: str) -> None:
    assert describe(step(component, "model")) == "model 7"
    none = Step(component, cached=False, complete=True, outputs={"model": []})
    assert describe(none) == "none yet"


def test_the_serving_check_by_its_answers(tmp_path: Path) -> None:
    verdict = {"blessed": True, "reasons": [], "answers": 82, "median_ms": 3.25, "p99_ms": 9.5}
    write(tmp_path / "verdict.json", verdict)
    words = describe(step("ServingCheck", "blessing", tmp_path))
    assert words == "blessed: 82 answers as in memory, median 3.25 ms, p99 9.5 ms"


def test_a_refusal_in_one_line(tmp_path: Path) -> None:
    reasons = ["the server did not start: the end of its log:\nTraceback\nmore", "another"]
    write(tmp_path / "verdict.json", {"blessed": False, "reasons": reasons})
    words = describe(step("ServingCheck", "blessing", tmp_path))
    assert words == "NOT blessed: the server did not start: the end of its log:"


def answers_in(folder: Path, **counts: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for model, count in counts.items():
        answer = Answer(tokens=("a",), gold=("O",), predicted=("O",))
        answers.write(folder / f"{model}.jsonl.gz", [answer] * count)
    return folder


def test_the_answers_by_their_models(tmp_path: Path) -> None:
    alone = step("Predictor", "predictions", answers_in(tmp_path, candidate=3))
    assert describe(alone) == "3 answers"
    both = step("Predictor", "predictions", answers_in(tmp_path, baseline=3))
    assert describe(both) == "3 answers, and the latest blessed model's"
    crfsuite = step("CrfsuiteBaseline", "predictions", answers_in(tmp_path / "crfsuite", crfsuite=3))
    assert describe(crfsuite) == "3 answers"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "skipped.txt").write_text("the tags are plain")
    none = step("CrfsuiteBaseline", "predictions", str(tmp_path / "none"))
    assert describe(none) == "skipped: the tags are plain"


def gate(folder: Path, *failed: str, before: float | None = None) -> Step:
    """A ModelGate's step: a rule that holds, one that was skipped, and those that failed."""
    held = Rule(name="floor", words="it is enough", passed=True)
    skipped = Rule(name="no significant fall", words="not compared", passed=True, skipped="no baseline yet")
    rules = [held, skipped, *(Rule(name="floor", words=words, passed=False) for words in failed)]
    scores = {"entity_f1_strict": Estimate(0.90714, 0.88, 0.93)}
    overall = Slice(name="", sentences=1, tokens=1, entities=1, candidate=scores)
    if before is not None:
        baseline = {"entity_f1_strict": Estimate(before)}
        overall = msgspec.structs.replace(overall, baseline=baseline)
    analysis = Analysis(primary="entity_f1_strict", level=0.95, resamples=100, slices=[overall])
    write(folder / "verdict.json", Verdict.of("ModelGate", rules).to_json())
    write(folder / "analysis.json", analysis.to_json())
    return step("ModelGate", "blessing", folder, blessed=int(not failed))


def test_the_model_gate_by_its_verdict(tmp_path: Path) -> None:
    words = describe(gate(tmp_path))
    assert words == "blessed by 1 rule, 1 skipped: entity F1 (strict) 0.9071 (0.8800 to 0.9300)"
    words = describe(gate(tmp_path, before=0.875))
    assert words.endswith(" 0.9071 (0.8800 to 0.9300), latest blessed 0.8750")
    assert describe(gate(tmp_path, "too low")) == "NOT blessed: too low"
    assert describe(gate(tmp_path, "too low\nby far", "too slow")) == "NOT blessed: too low (and 1 more)"


class OneStep:
    """A lineage of a run with ModelGate, or without."""

    def __init__(self, found: Step | None) -> None:
        self._found = found

    def step(self, run_id: str, component: str) -> Step | None:
        return self._found if (run_id, component) == ("r", "ModelGate") else None


def test_refusals_are_the_rules_that_failed(tmp_path: Path) -> None:
    refused = OneStep(gate(tmp_path / "refused", "too low", "too slow"))
    assert outcome.refusals(cast(Lineage, refused), "r") == [
        "ModelGate did not bless it: too low",
        "ModelGate did not bless it: too slow",
    ]
    assert outcome.refusals(cast(Lineage, OneStep(gate(tmp_path / "blessed"))), "r") == []


def test_the_push_by_its_folder() -> None:
    assert describe(step("AtomicPusher", "pushed_model", pushed_destination="/m/t/3")) == "/m/t/3"
    assert describe(step("AtomicPusher", "pushed_model", pushed=0)) == "not pushed"
    forced = step("AtomicPusher", "pushed_model", pushed_destination="/m/t/3", forced="we need it")
    assert describe(forced) == "/m/t/3, forced: we need it"


def test_a_record_of_a_version_before_forcing_is_read(tmp_path: Path) -> None:
    OUTCOME.save(tmp_path)
    path = tmp_path / outcome.LAST_RUN
    record = json.loads(path.read_text())
    del record["forced"], record["not_forced"]
    path.write_text(json.dumps(record))
    assert outcome.load(tmp_path) == OUTCOME


def test_components_without_words_have_none() -> None:
    assert describe(step("StatisticsGen", "statistics")) == ""
    assert describe(Step("Trainer", cached=False, complete=False, outputs={})) == ""


def test_the_counts_of_workers_are_printed_once() -> None:
    measures = Measures(
        {"sentences": 1200, "repairs": 0}, {"tokens_per_sentence": Spread(1200, 18_000, 1, 41)}
    )
    ran = step("CorpusGen", "examples", **{MEASURES: measures.to_json()})
    assert counted(ran) == "1,200 sentences, tokens per sentence 1 to 41, 15.0 on average"
    assert counted(dataclasses.replace(ran, cached=True)) == ""
    assert counted(step("CorpusGen", "examples", sentences=3)) == ""
