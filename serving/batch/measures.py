"""What Beam's workers counted on the way, summed over the steps of a graph. Imports no Beam."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import grpc
import msgspec

log = logging.getLogger("tagline.beam")


class Spread(msgspec.Struct, frozen=True):
    """A distribution of Beam's: how many values, their sum, and the least and greatest of them."""

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
    """Counters and distributions by their names."""

    counters: dict[str, int] = {}
    spreads: dict[str, Spread] = {}

    def to_json(self) -> str:
        """One line, the same for the same measures; `from_json` reads it back."""
        return msgspec.json.encode(self, order="deterministic").decode()

    @classmethod
    def from_json(cls, text: str) -> Measures:
        """The inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)


def measured(result: Any, namespace: str) -> Measures:
    """What the steps of a finished graph counted under a namespace; empty on an engine that does not tell.

    Args:
        result: of `beam.Pipeline`, after it has finished.
        namespace: of the metrics that are meant.
    """
    try:
        told = result.metrics().query()
    # The work is done, and done right: an engine that keeps no metrics, or is gone by now, must not undo it.
    except (NotImplementedError, grpc.RpcError) as error:
        log.info("no metrics of %s: %s: %s", namespace, type(error).__name__, error)
        return Measures()
    counters: dict[str, int] = {}
    spreads: dict[str, Spread] = {}
    for name, value in _named(told["counters"], namespace):
        counters[name] = counters.get(name, 0) + int(value)
    for name, value in _named(told["distributions"], namespace):
        spread = Spread(int(value.count), int(value.sum), int(value.min), int(value.max))
        spreads[name] = spreads[name] + spread if name in spreads else spread
    return Measures(counters, spreads)


def _named(found: Iterable[Any], namespace: str) -> Iterable[tuple[str, Any]]:
    for one in found:
        if one.key.metric.namespace == namespace and one.result is not None:
            yield one.key.metric.name, one.result
