"""Small corpora and the artifacts that come before CorpusGate, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.corpus_gen.summary import CorpusSummary, SplitCounts
from corpus.options import ReadOptions
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find

TRAIN = "Ann\tB-PER\nsings\tO\n\nin\tO\nRome\tB-LOC\n"


DEV = "Eve\tB-PER\nleft\tO\n"


TEST = "Kim\tB-PER\nsat\tO\n"


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
        statistics = statistics_pb2.DatasetFeatureStatisticsList(datasets=[{"num_examples": size}])
        counts = (tags or {}).get(name, {"O": 9, "S-A": 1})
        feature = statistics.datasets[0].features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
        feature.path.step.append("tags")
        feature.string_stats.unique = len(counts)
        feature.string_stats.common_stats.num_non_missing = size
        for label, count in counts.items():
            feature.string_stats.rank_histogram.buckets.add(label=label, sample_count=count)
        (uri / f"Split-{name}" / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
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
