"""CorpusGate: its executor on hand-made artifacts, and the whole under a runner."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pandas
import pytest
import tensorflow_data_validation as tfdv
from scipy.spatial.distance import jensenshannon
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.components import ExampleValidator, SchemaGen, StatisticsGen
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import CorpusVerdict
from components.corpus_gate.anomalies import anomalies_of
from components.corpus_gate.component import CorpusGate
from components.corpus_gate.drift_and_skew import drift
from components.corpus_gate.executor import CorpusGateExecutor
from components.corpus_gate.verdict import CorpusGateVerdict, CorpusRefused
from components.corpus_gen.component import CorpusGen
from components.corpus_gen.summary import CorpusSummary, SplitCounts
from corpus.checks.report import Report
from corpus.codes import CODES
from corpus.options import CheckLimits, Comparator, ReadOptions
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find

TRAIN = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n"
DEV = "Eve\tB-PER\nleft\tO\n"
TEST = "Kim\tB-PER\nsat\tO\n"
# Corpora of two sentences share no words and no labels.
QUIET = CheckLimits(min_examples=1, max_unseen_tokens=None)
SIZES = {"train": 2, "dev": 1, "test": 1}
TYPES: Any = anomalies_pb2.AnomalyInfo


def corpus(root: Path, train: str = TRAIN, dev: str = DEV, test: str = TEST) -> Path:
    root.mkdir(exist_ok=True)
    (root / "train.conll").write_text(train)
    (root / "dev.conll").write_text(dev)
    (root / "test.conll").write_text(test)
    return root


def examples_of(data: Path, uri: Path, sizes: dict[str, int] | None = None, mark: str = "") -> Any:
    """Examples as CorpusGen would leave them, without the records, which the gate does not read."""
    uri.mkdir()
    summary = CorpusSummary(
        scheme="BIO",
        train_scheme="BIOES",
        fingerprint=mark or fingerprint(find(data, ReadOptions())),
        files={},
        splits={name: SplitCounts(sentences=size) for name, size in (sizes or SIZES).items()},
    )
    (uri / "corpus.json").write_bytes(summary.to_json())
    artifact = standard_artifacts.Examples()
    artifact.uri = str(uri)
    artifact.split_names = artifact_utils.encode_split_names(list(summary.splits))
    return artifact


def statistics_of(uri: Path, sizes: dict[str, int], tags: dict[str, dict[str, int]] | None = None) -> Any:
    """Statistics as StatisticsGen would leave them, of the tags alone."""
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(uri)
    artifact.split_names = artifact_utils.encode_split_names(list(sizes))
    for name, size in sizes.items():
        (uri / f"Split-{name}").mkdir(parents=True)
        found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[{"num_examples": size}])
        counts = (tags or {}).get(name, {"O": 9, "S-A": 1})
        feature = found.datasets[0].features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
        feature.path.step.append("tags")
        feature.string_stats.unique = len(counts)
        feature.string_stats.common_stats.num_non_missing = size
        for label, count in counts.items():
            feature.string_stats.rank_histogram.buckets.add(label=label, sample_count=count)
        (uri / f"Split-{name}" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    return artifact


def anomaly(kind: str, severity: str = "ERROR") -> Any:
    return TYPES(
        severity=TYPES.Severity.Value(severity),
        description=f"about {kind}",
        reason=[TYPES.Reason(type=TYPES.Type.Value(kind))],
    )


def anomalies_in(uri: Path, found: dict[str, anomalies_pb2.Anomalies]) -> Any:
    artifact = standard_artifacts.ExampleAnomalies()
    artifact.uri = str(uri)
    artifact.split_names = artifact_utils.encode_split_names(list(found))
    for name, anomalies in found.items():
        (uri / f"Split-{name}").mkdir(parents=True)
        (uri / f"Split-{name}" / "SchemaDiff.pb").write_bytes(anomalies.SerializeToString())
    return artifact


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


def test_warnings_pass_and_are_written_down(tmp_path: Path) -> None:
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


def test_files_that_changed_meanwhile(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    corpus(data, TRAIN + "\nBob\tB-PER\n")
    with pytest.raises(CorpusRefused, match=r"D404 .*the files have changed"):
        gate(tmp_path, data, examples)


def test_examples_that_went_missing(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    with pytest.raises(CorpusRefused, match="train: 1 examples were made of 2 sentences"):
        gate(tmp_path, data, examples_of(data, tmp_path / "examples", {"train": 1, "dev": 1}))
    with pytest.raises(CorpusRefused, match="train: statistics of 1 examples for 2 sentences"):
        gate(
            tmp_path,
            data,
            examples_of(data, tmp_path / "more"),
            statistics=statistics_of(tmp_path / "statistics", {"train": 1, "dev": 1}),
        )


def test_examples_of_another_generator(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    examples = examples_of(data, tmp_path / "examples")
    (tmp_path / "examples" / "corpus.json").unlink()
    with pytest.raises(CorpusRefused, match=r"D404 .*no corpus\.json"):
        gate(tmp_path, data, examples)


@pytest.mark.parametrize(
    ("feature", "kind", "severity", "code"),
    [
        ("tags", "SCHEMA_MISSING_COLUMN", "ERROR", "D401"),
        ("tags", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "ERROR", "D402"),
        ("tags", "COMPARATOR_L_INFTY_HIGH", "ERROR", "D401"),
        ("domain", "COMPARATOR_L_INFTY_HIGH", "ERROR", "D401"),
        ("domain", "SCHEMA_NEW_COLUMN", "ERROR", "D402"),
        ("starts", "FEATURE_TYPE_NOT_PRESENT", "ERROR", "D402"),
        ("tokens", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "ERROR", "D403"),
        ("tokens", "FEATURE_TYPE_NOT_PRESENT", "ERROR", "D401"),
        ("tokens", "FEATURE_TYPE_LOW_NUMBER_VALUES", "WARNING", "D402"),
    ],
)
def test_anomalies_are_judged(feature: str, kind: str, severity: str, code: str) -> None:
    found = anomalies_pb2.Anomalies(anomaly_info={feature: anomaly(kind, severity)})
    assert [tuple(one) for one in anomalies_of("dev", found)] == [
        (code, f"dev: {feature}: {kind}: about {kind}")
    ]


def test_anomalies_of_the_whole_split() -> None:
    found = anomalies_pb2.Anomalies(
        data_missing=True, dataset_anomaly_info=anomaly("DATASET_LOW_NUM_EXAMPLES")
    )
    assert [one.code for one in anomalies_of("dev", found)] == ["D401", "D401"]


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


def test_what_chance_brings_is_no_drift(tmp_path: Path) -> None:
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


def test_a_feature_that_is_not_there_is_told(tmp_path: Path) -> None:
    report = compared(tmp_path, dict.fromkeys(SIZES, EVEN), skew={"tgas": Comparator(l_infinity=0.1)})
    assert report.counts == {"D406": 2}
    assert "no feature tgas to compare" in report.findings[0].message


def test_statistics_that_are_gone_are_told(tmp_path: Path) -> None:
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


def test_statistics_as_tfdv_makes_them_are_compared() -> None:
    def made(places: int) -> Any:
        tags = [["S-LOC"]] * places + [["S-PER", "O"]] * (500 - places)
        return tfdv.generate_statistics_from_dataframe(pandas.DataFrame({"tags": tags}), n_jobs=1)

    even, shifted = made(250), made(400)
    # Of 750 tags 250 are places, of 600 tags 400.
    distance, divergence = drift({"train": shifted}, {"train": even}, CheckLimits().drift or {})
    assert distance.message.startswith(
        f"train now and in the last blessed run: tags: L-infinity distance {1 / 3:.3f};"
    )
    assert distance.example.startswith("S-LOC 66.7% (before 33.3%)")
    expected = jensenshannon([250, 250, 250], [400, 100, 100], base=2) ** 2
    assert f"Jensen-Shannon divergence {expected:.3f};" in divergence.message
    assert list(drift({"train": even}, {"train": even}, CheckLimits().drift or {})) == []


def test_together_these_tests_show_every_code_of_the_gate(tmp_path: Path) -> None:
    data = corpus(tmp_path / "data")
    anomalies = {
        "train": anomalies_pb2.Anomalies(anomaly_info={"domain": anomaly("SCHEMA_NEW_COLUMN")}),
        "dev": anomalies_pb2.Anomalies(
            anomaly_info={
                "tags": anomaly("SCHEMA_MISSING_COLUMN"),
                "tokens": anomaly("ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
            }
        ),
    }
    shown: set[str] = set()
    for number, gone in enumerate((False, True)):
        root = tmp_path / str(number)
        root.mkdir()
        blessed = statistics_of(root / "blessed", SIZES, dict.fromkeys(SIZES, SHIFTED))
        if gone:
            shutil.rmtree(root / "blessed")
        with pytest.raises(CorpusRefused):
            gate(
                root,
                data,
                examples_of(data, root / "examples", mark="another"),
                statistics=statistics_of(root / "statistics", SIZES, {"train": EVEN, "dev": SHIFTED}),
                blessed_statistics=blessed,
                anomalies=anomalies_in(root / "anomalies", anomalies),
            )
        shown |= set(written(root).report.counts)
    # Those of `tagline check` are shown by tests/corpus/checks/test_every_code.py.
    assert shown == {code for code in CODES if code.startswith("D4")}


def test_drift_stops_the_run_where_the_settings_say_so(tmp_path: Path) -> None:
    tags = {"train": EVEN, "dev": SHIFTED, "test": EVEN}
    with pytest.raises(CorpusRefused, match=r"refused for 2 errors:\nD406 .*dev and train: tags"):
        compared(tmp_path, tags, errors=("D406",))
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    assert compared(tmp_path, tags, ignore=("D406",)).counts == {}


def test_the_contract() -> None:
    examples = CorpusGen("data").outputs["examples"]
    component = CorpusGate(examples=examples, input_base="data", options=ReadOptions(scheme="BIO"))
    assert component.outputs["verdict"].type is CorpusVerdict
    decoded = msgspec.json.decode(component.spec.exec_properties["options"], type=ReadOptions)
    assert decoded == ReadOptions(scheme="BIO")


def line(data: Path, root: Path) -> pipeline.Pipeline:
    generated = CorpusGen(data)
    statistics = StatisticsGen(examples=generated.outputs["examples"])
    schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    validated = ExampleValidator(statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"])
    judged = CorpusGate(
        examples=generated.outputs["examples"],
        input_base=data,
        statistics=statistics.outputs["statistics"],
        anomalies=validated.outputs["anomalies"],
    )
    return pipeline.Pipeline(
        "line",
        str(root),
        components=[generated, statistics, schema, validated, judged],
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(root / "metadata.db")),
    )


def executions(root: Path) -> list[tuple[str, str]]:
    """(component, state) of every execution, in order."""
    config = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
    with metadata.Metadata(config) as handle:
        types = {kind.id: kind.name.rsplit(".", 1)[-1] for kind in handle.store.get_execution_types()}
        found = sorted(handle.store.get_executions(), key=lambda execution: execution.id)
        return [
            (types[execution.type_id], execution.State.Name(execution.last_known_state))
            for execution in found
        ]


# Four runs of half the line.
@pytest.mark.slow
def test_under_a_runner_it_is_cached_until_the_contents_change(tmp_path: Path) -> None:
    train = "".join(f"w{number}\tB-A\nx\tO\n\n" for number in range(30))
    data = corpus(tmp_path / "data", train, "new\tB-A\nx\tO\n", "other\tB-A\nx\tO\n")
    root = tmp_path / "root"
    root.mkdir()
    LocalDagRunner().run(line(data, root))
    verdicts = list(root.rglob("verdict.json"))
    assert len(verdicts) == 1
    verdict = CorpusGateVerdict.from_json(verdicts[0].read_bytes())
    # The unseen token of dev is no fault.
    assert verdict.passed, verdict.reasons
    assert {state for _, state in executions(root)} == {"COMPLETE"}

    LocalDagRunner().run(line(data, root))
    assert [state for _, state in executions(root)[5:]] == ["CACHED"] * 5

    (data / "dev.conll").write_text("new\tB-A\ny\tO\n")
    LocalDagRunner().run(line(data, root))
    # Every state again: what was read has changed.
    assert {state for _, state in executions(root)[10:]} == {"COMPLETE"}
    assert len(list(root.rglob("verdict.json"))) == 2

    (data / "dev.conll").write_text("new\tB-A\nleak\n")
    with pytest.raises(Exception, match=r"dev\.conll:2: 1 column"):
        LocalDagRunner().run(line(data, root))
