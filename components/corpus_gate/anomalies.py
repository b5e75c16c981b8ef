"""TFDV's anomalies of the examples, as findings.

TFDV knows tables, not text. A token or a text outside the schema comes with every new sentence; a tag outside it is
counted, with its line, by `corpus.checks.check`; a change in a feature that training does not need, such as the domain,
is a warning. Everything else that TFDV calls an error is one, drift and skew included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import anomalies_pb2

_NEEDED = frozenset(("tokens", "tags"))
_NEW_VALUE = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"


class Anomaly(NamedTuple):
    """An anomaly with its code of a finding."""

    code: str
    message: str


def anomalies_of(split: str, anomalies: anomalies_pb2.Anomalies) -> Iterator[Anomaly]:
    """Yield the anomalies of a split, by the features' names in order."""
    if anomalies.data_missing:
        yield Anomaly("D401", f"{split}: no data")
    if anomalies.HasField("dataset_anomaly_info"):
        yield _graded(split, "the split", anomalies.dataset_anomaly_info)
    for feature in sorted(anomalies.anomaly_info):
        yield _graded(split, feature, anomalies.anomaly_info[feature])


def _graded(split: str, feature: str, info: anomalies_pb2.AnomalyInfo) -> Anomaly:
    kinds = {anomalies_pb2.AnomalyInfo.Type.Name(reason.type) for reason in info.reason}
    code = "D401" if info.severity == anomalies_pb2.AnomalyInfo.ERROR else "D402"
    # Drift and skew are measured only where the settings have a threshold: they count for every feature.
    compared = any(kind.startswith("COMPARATOR") for kind in kinds)
    if kinds == {_NEW_VALUE} and feature in ("tokens", "text"):
        code = "D403"
    elif kinds == {_NEW_VALUE} or (feature not in _NEEDED and feature != "the split" and not compared):
        code = "D402"
    named = ", ".join(sorted(kinds)) or "anomaly"
    described = " ".join((info.description or info.short_description).split())
    return Anomaly(code, f"{split}: {feature}: {named}: {described}")
