"""CorpusGate's executor on hand-made artifacts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from scipy.spatial.distance import jensenshannon
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.artifacts import CorpusVerdict
from components.corpus_gate.executor import CorpusGateExecutor
from components.corpus_gate.verdict import CorpusGateVerdict, CorpusRefused
from corpus.checks.report import Report
from corpus.options import CheckLimits, Comparator, ReadOptions
from tests.components.corpus_gate.artifacts import (
    SIZES,
    TRAIN,
    anomalies_in,
    anomaly,
    corpus,
    examples_of,
    statistics_of,
)

# Corpora of two sentences share no words and no labels.
QUIET = CheckLimits(min_examples=1, max_unseen_tokens=None)


def gate(
    tmp_path: Path, data: Path, examples: Any, limits: CheckLimits | None = None, **inputs: Any
) -> CorpusGateVerdict:
    """Runs the executor; the verdict as it was written, also where it was refused."""
    output = CorpusVerdict()
    output.uri = str(tmp_path / "verdict")
    CorpusGateExecutor().Do(
        {"examples": [examples], **{name: [artifact] for name, artifact in inputs.items()}},
        {"verdict": [output]},
        {
            "input_base": str(data),
            "options": msgspec.json.encode(ReadOptions()).decode(),
            "limits": msgspec.json.encode(limits or QUIET).decode(),
            "code_hash": "",
        },
    )
    assert output.get_int_custom_property("passed") == 1
    return written(tmp_path)


def written(tmp_path: Path) -> CorpusGateVerdict:
    return CorpusGateVerdict.read(str(tmp_path / "verdict"))


def test_a_clean_corpus_passes(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    verdict = gate(
        tmp_path,
        data,
        examples_of(data, tmp_path / "examples"),
        statistics=statistics_of(tmp_path / "statistics", SIZES),
        anomalies=anomalies_in(tmp_path / "anomalies", dict.fromkeys(SIZES, anomalies_pb2.Anomalies())),
    )
    assert verdict.passed
    assert verdict.reasons == []
    assert verdict.report.findings == []
    assert verdict.report.splits["train"].sentences == 2


def test_warnings_pass_and_are_in_the_report(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data", dev=TRAIN)
    verdict = gate(
        tmp_path,
        data,
        examples_of(data, tmp_path / "examples", {"train": 2, "dev": 2, "test": 1}),
        CheckLimits(max_unseen_tokens=None),
    )
    assert verdict.passed
    assert verdict.report.counts == {"D204": 2, "D205": 2}


def test_errors_stop_the_run_with_every_reason(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    corpus(data, TRAIN + "\nlost\n\n\tO\n", "Eve\tX-PER\n")
    with pytest.raises(CorpusRefused) as caught:
        gate(tmp_path, data, examples)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the corpus is refused for 3 errors:"
    assert lines[1].startswith(f"D108 {data}/train.conll:7: 1 column")
    assert lines[2].startswith(f"D109 {data}/train.conll:9: empty token")
    assert lines[3].startswith(f"D110 {data}/dev.conll:1: tag 'X-PER'")
    verdict = written(tmp_path)
    assert not verdict.passed
    assert verdict.reasons == lines[1:]


def test_many_reasons_are_counted(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    corpus(data, TRAIN + "\nlost\n" * 50)
    with pytest.raises(CorpusRefused) as caught:
        gate(tmp_path, data, examples)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the corpus is refused for 50 errors:"
    assert lines[-1] == "and 30 more"
    assert len(lines) == 22


def test_files_that_changed_since_they_were_read_are_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    corpus(data, TRAIN + "\nBob\tB-PER\n")
    with pytest.raises(CorpusRefused, match=r"D404 .*the files have changed"):
        gate(tmp_path, data, examples)


def test_missing_examples_are_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    with pytest.raises(CorpusRefused, match="train: found 1 examples for 2 sentences"):
        gate(tmp_path, data, examples_of(data, tmp_path / "examples", {"train": 1, "dev": 1}))
    with pytest.raises(CorpusRefused, match="train: statistics of 1 examples for 2 sentences"):
        gate(
            tmp_path,
            data,
            examples_of(data, tmp_path / "more"),
            statistics=statistics_of(tmp_path / "statistics", {"train": 1, "dev": 1}),
        )


def test_examples_without_a_summary_are_an_error(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    (tmp_path / "examples" / "corpus.json").unlink()
    with pytest.raises(CorpusRefused, match=r"D404 .*no corpus\.json"):
        gate(tmp_path, data, examples)


def test_anomalies_stop_the_run(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    found = {
        "train": anomalies_pb2.Anomalies(anomaly_info={"domain": anomaly("SCHEMA_NEW_COLUMN")}),
        "dev": anomalies_pb2.Anomalies(anomaly_info={"tags": anomaly("COMPARATOR_L_INFTY_HIGH")}),
    }
    with pytest.raises(CorpusRefused, match="D401 dev: tags: COMPARATOR_L_INFTY_HIGH"):
        gate(
            tmp_path,
            data,
            examples_of(data, tmp_path / "examples"),
            anomalies=anomalies_in(tmp_path / "anomalies", found),
        )
    assert written(tmp_path).report.counts == {"D401": 1, "D402": 1}


# Shares that differ by 0.2 in one tag, of 10,000 tokens: far beyond chance.
EVEN = {"O": 8000, "S-A": 1000, "S-B": 1000}
SHIFTED = {"O": 8000, "S-A": 2000}
DIVERGENCE = jensenshannon([0.8, 0.1, 0.1], [0.8, 0.2, 0.0], base=2) ** 2


def compared(
    tmp_path: Path,
    tags: dict[str, dict[str, int]],
    blessed: dict[str, dict[str, int]] | None = None,
    **limits: Any,
) -> Report:
    data = corpus(tmp_path / "data")
    statistics = {"statistics": statistics_of(tmp_path / "statistics", SIZES, tags)}
    if blessed is not None:
        statistics["blessed_statistics"] = statistics_of(tmp_path / "blessed", SIZES, blessed)
    chosen = msgspec.structs.replace(QUIET, **limits)
    return gate(tmp_path, data, examples_of(data, tmp_path / "examples"), chosen, **statistics).report


def test_skew_between_train_and_another_split_is_measured(tmp_path: Path) -> None:
    report = compared(tmp_path, {"train": EVEN, "dev": SHIFTED, "test": EVEN})
    assert report.counts == {"D406": 2}
    distance, divergence = report.findings
    assert distance.message == (
        "dev and train: tags: L-infinity distance 0.100; more than 0.05 (checks.skew)"
    )
    assert divergence.message == (
        f"dev and train: tags: Jensen-Shannon divergence {DIVERGENCE:.3f}; more than 0.005 (checks.skew)"
    )
    assert divergence.example == "S-A 20.0% (train 10.0%), S-B 0.0% (train 10.0%), O 80.0% (train 80.0%)"


def test_drift_from_the_last_blessed_run_is_measured(tmp_path: Path) -> None:
    same = dict.fromkeys(SIZES, EVEN)
    report = compared(tmp_path, same, {**same, "train": SHIFTED})
    assert report.counts == {"D405": 2}
    assert report.findings[0].message.startswith("train now and in the last blessed run: tags: L-infinity")
    assert report.findings[0].example.startswith("S-A 10.0% (before 20.0%), S-B 10.0% (before 0.0%)")


def test_differences_within_chance_are_no_drift(tmp_path: Path) -> None:
    few = {"train": EVEN, "dev": {"O": 8, "S-A": 2}, "test": {"O": 9, "S-B": 1}}
    assert compared(tmp_path, few, {**few, "dev": {"O": 10}}).counts == {}


@pytest.mark.parametrize(
    ("setting", "measures"),
    [
        ({"tags": Comparator(l_infinity=0.05)}, 1),
        ({"tags": Comparator(jensen_shannon=0.005)}, 1),
        ({"tags": Comparator(l_infinity=0.11, jensen_shannon=0.2)}, 0),
        ({"tags": Comparator()}, 0),
        ({"tags": None}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_thresholds_decide_and_null_turns_off(tmp_path: Path, setting: Any, measures: int) -> None:
    tags = {"train": EVEN, "dev": SHIFTED, "test": EVEN}
    blessed = {"train": EVEN, "dev": EVEN, "test": EVEN}
    report = compared(tmp_path, tags, blessed, skew=setting, drift=setting)
    assert report.counts == ({"D405": measures, "D406": measures} if measures else {})


def test_a_missing_feature_is_a_finding(tmp_path: Path) -> None:
    report = compared(tmp_path, dict.fromkeys(SIZES, EVEN), skew={"tgas": Comparator(l_infinity=0.1)})
    assert report.counts == {"D406": 2}
    assert "no feature tgas to compare" in report.findings[0].message


def test_missing_statistics_of_the_blessed_run_are_a_finding(tmp_path: Path) -> None:
    same = dict.fromkeys(SIZES, EVEN)
    data = corpus(tmp_path / "data")
    blessed = statistics_of(tmp_path / "blessed", SIZES, same)
    shutil.rmtree(tmp_path / "blessed")
    report = gate(
        tmp_path,
        data,
        examples_of(data, tmp_path / "examples"),
        statistics=statistics_of(tmp_path / "statistics", SIZES, same),
        blessed_statistics=blessed,
    ).report
    assert report.counts == {"D407": 1}


def test_drift_stops_the_run_where_the_settings_say_so(tmp_path: Path) -> None:
    tags = {"train": EVEN, "dev": SHIFTED, "test": EVEN}
    with pytest.raises(CorpusRefused, match=r"refused for 2 errors:\nD406 .*dev and train: tags"):
        compared(tmp_path, tags, errors=("D406",))
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    assert compared(tmp_path, tags, ignore=("D406",)).counts == {}
