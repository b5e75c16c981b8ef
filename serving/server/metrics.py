"""What the server counts, under TensorFlow Serving's names, in Prometheus' text format."""

from __future__ import annotations

import re

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain"

_MICROSECONDS = 1e6


def _exponential(scale: float, growth: float, count: int) -> list[float]:
    # TensorFlow's `Buckets::Exponential`: the last of its buckets is the open one, which is added here anyway.
    return [scale * growth**power for power in range(count - 1)]


_LATENCIES = _exponential(10, 1.8, 33)


class _Count(Gauge):
    """A counter without the `_total` that prometheus_client appends and TensorFlow Serving does not have."""

    _type = "unknown"


class Metrics:
    """The metrics of one server; every method may be called from any thread."""

    def __init__(self, *, distributions: bool = True) -> None:
        """Counts requests and, with `distributions`, how long they took.

        A distribution costs each request more than the rest of its way: none is kept where nobody can see it.
        """
        self._distributions = distributions
        # Not the default registry: two servers in one process count for themselves.
        self._registry = registry = CollectorRegistry()
        self._requests = _Count(
            ":tensorflow:serving:request_count",
            "The total number of requests.",
            ["model_name", "status"],
            registry=registry,
        )
        self._latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
            ["model_name", "API", "entrypoint"],
            buckets=_LATENCIES,
            registry=registry,
        )
        self._runtime = Histogram(
            ":tensorflow:serving:runtime_latency",
            "Distribution of wall time (in microseconds) for Tensorflow runtime.",
            ["model_name", "API", "runtime"],
            buckets=_LATENCIES,
            registry=registry,
        )
        self._examples = Histogram(
            ":tensorflow:serving:request_example_counts",
            "The number of tensorflow.Examples per request.",
            ["model"],
            buckets=_exponential(1, 2, 15),
            registry=registry,
        )
        self._examples_total = _Count(
            ":tensorflow:serving:request_example_count_total",
            "The total number of tensorflow.Examples.",
            ["model"],
            registry=registry,
        )
        self._warmup = Histogram(
            ":tensorflow:serving:model_warmup_latency",
            "Latency in microseconds for model warmup.",
            ["model_path", "status"],
            buckets=_exponential(10, 1.8, 33),
            registry=registry,
        )
        self._queuing = Histogram(
            ":tensorflow:serving:batching_session:queuing_latency",
            "Distribution of wall time spent (in microseconds) in queuing",
            ["thread_pool_name"],
            buckets=_exponential(100, 1.2, 52),
            registry=registry,
        )

    def answered(self, model: str, status: str, *, api: str, entrypoint: str, seconds: float) -> None:
        """A request for inference and the name of its status (`OK`, `NOT_FOUND`)."""
        self._requests.labels(model, status).inc()
        if self._distributions:
            self._latency.labels(model, api, entrypoint).observe(seconds * _MICROSECONDS)

    def ran(self, model: str, *, api: str, seconds: float) -> None:
        """A run of a graph, the wait for it included."""
        if self._distributions:
            self._runtime.labels(model, api, "TF1").observe(seconds * _MICROSECONDS)

    def examples(self, model: str, count: int) -> None:
        """The rows of a request that was answered."""
        if self._distributions:
            self._examples.labels(model).observe(count)
        self._examples_total.labels(model).inc(count)

    def warmed(self, path: str, status: str, seconds: float) -> None:
        """A warm-up of a version."""
        self._warmup.labels(path, status).observe(seconds * _MICROSECONDS)

    def queued(self, pool: str, seconds: float) -> None:
        """A run's wait in a batching queue."""
        if self._distributions:
            self._queuing.labels(pool).observe(seconds * _MICROSECONDS)

    def count(self, name: str) -> int:
        """The value of a counter by TensorFlow's name for it (`/tensorflow/serving/request_count`), over all its
        labels; 0 if there is none.
        """
        found = (metric for metric in self._registry.collect() if metric.type == _Count._type)
        return sum(
            int(sample.value)
            for metric in found
            if metric.name == re.sub(r"\W", ":", name)
            for sample in metric.samples
        )

    def page(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


# When a count began is of no use here, and doubles the page.
prometheus_client.disable_created_metrics()
