"""What TFDV found in the examples, as findings.

TFDV knows tables, not text. A token or a text that the schema has not seen is what every new sentence brings;
a tag it has not seen is counted, with its line, by `corpus.checks.check`; and of what training does not need, such
as the domain, a change is worth a warning. Everything else that TFDV calls an error is one, drift and skew
included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import anomalies_pb2

_NEEDED = frozenset(("tokens", "tags"))
_NEW_VALUE = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"


class Anomaly(NamedTuple):
    """One anomaly under the code it falls under."""

    code: str
    message: str


def anomalies_of(split: str, found: anomalies_pb2.Anomalies) -> Iterator[Anomaly]:
    """The anomalies of one split, in the order of the features' names."""
    if found.data_missing:
        yield Anomaly("D401", f"{split}: no data")
    if found.HasField("dataset_anomaly_info"):
        yield _judged(split, "the split", found.dataset_anomaly_info)
    for feature in sorted(found.anomaly_info):
        yield _judged(split, feature, found.anomaly_info[feature])


def _judged(split: str, feature: str, info: anomalies_pb2.AnomalyInfo) -> Anomaly:
    kinds = {anomalies_pb2.AnomalyInfo.Type.Name(reason.type) for reason in info.reason}
    code = "D401" if info.severity == anomalies_pb2.AnomalyInfo.ERROR else "D402"
    # Drift and skew are measured because someone set a threshold: they count whatever the feature.
    compared = any(kind.startswith("COMPARATOR") for kind in kinds)
    if kinds == {_NEW_VALUE} and feature in ("tokens", "text"):
        code = "D403"
    elif kinds == {_NEW_VALUE} or (feature not in _NEEDED and feature != "the split" and not compared):
        code = "D402"
    named = ", ".join(sorted(kinds)) or "anomaly"
    described = " ".join((info.description or info.short_description).split())
    return Anomaly(code, f"{split}: {feature}: {named}: {described}")
