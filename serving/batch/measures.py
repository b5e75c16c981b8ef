"""Beam's metrics of a finished pipeline, summed over its steps. Imports no Beam."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import grpc
import msgspec

log = logging.getLogger("tagline.beam")


class Spread(msgspec.Struct, frozen=True):
    """A distribution: the number of values, their sum, the least and the greatest."""

    count: int
    sum: int
    min: int
    max: int

    @property
    def mean(self) -> float:
        """0 without values."""
        return self.sum / self.count if self.count else 0.0

    def __add__(self, other: Spread) -> Spread:
        if not self.count or not other.count:
            return self if self.count else other
        return Spread(
            self.count + other.count,
            self.sum + other.sum,
            min(self.min, other.min),
            max(self.max, other.max),
        )


class Measures(msgspec.Struct, frozen=True):
    """Counters and distributions, by name."""

    counters: dict[str, int] = {}
    spreads: dict[str, Spread] = {}

    def to_json(self) -> str:
        """Encode as one line, the same for the same measures."""
        return msgspec.json.encode(self, order="deterministic").decode()

    @classmethod
    def from_json(cls, text: str) -> Measures:
        """Decode what `to_json` encoded."""
        return msgspec.json.decode(text, type=cls)


def measured(result: Any, namespace: str) -> Measures:
    """Read the metrics of one namespace; empty if the engine keeps none.

    Args:
        result: of a finished `beam.Pipeline`.
        namespace: the metrics' namespace.
    """
    try:
        metrics = result.metrics().query()
    # The work is done: an engine that keeps no metrics, or is gone by now, must not make it fail.
    except (NotImplementedError, grpc.RpcError) as error:
        log.info("no metrics of %s: %s: %s", namespace, type(error).__name__, error)
        return Measures()
    counters: dict[str, int] = {}
    spreads: dict[str, Spread] = {}
    for name, value in _named(metrics["counters"], namespace):
        counters[name] = counters.get(name, 0) + int(value)
    for name, value in _named(metrics["distributions"], namespace):
        spread = Spread(int(value.count), int(value.sum), int(value.min), int(value.max))
        spreads[name] = spreads[name] + spread if name in spreads else spread
    return Measures(counters, spreads)


def _named(metrics: Iterable[Any], namespace: str) -> Iterable[tuple[str, Any]]:
    for metric in metrics:
        if metric.key.metric.namespace == namespace and metric.result is not None:
            yield metric.key.metric.name, metric.result
