"""TFDV's anomalies as findings."""

from __future__ import annotations

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.corpus_gate.anomalies import anomalies_of
from tests.components.corpus_gate.artifacts import anomaly


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
def test_the_code_depends_on_feature_kind_and_severity(
    feature: str, kind: str, severity: str, code: str
) -> None:
    found = anomalies_pb2.Anomalies(anomaly_info={feature: anomaly(kind, severity)})
    assert [tuple(one) for one in anomalies_of("dev", found)] == [
        (code, f"dev: {feature}: {kind}: about {kind}")
    ]


def test_anomalies_of_the_whole_split() -> None:
    found = anomalies_pb2.Anomalies(
        data_missing=True, dataset_anomaly_info=anomaly("DATASET_LOW_NUM_EXAMPLES")
    )
    assert [one.code for one in anomalies_of("dev", found)] == ["D401", "D401"]
