"""The server's metrics, under TensorFlow Serving's names, in Prometheus' text format."""

from __future__ import annotations

import re

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain"

_PREFIX = ":tensorflow:serving:"
_MICROSECONDS = 1e6


def _exponential(scale: float, growth: float, count: int) -> list[float]:
    # TensorFlow's `Buckets::Exponential`: the last of its buckets is the open one, which is added here
    # anyway.
    return [scale * growth**power for power in range(count - 1)]


_LATENCIES = _exponential(10, 1.8, 33)


class _Count(Gauge):
    """A counter without the `_total` that prometheus_client appends and TensorFlow Serving does not have."""

    _type = "unknown"


class Metrics:
    """The metrics of one server; every method may be called from any thread."""

    def __init__(self, *, distributions: bool = True) -> None:
        """Count requests and, with `distributions`, their latencies.

        Histograms cost a request more than everything else around its run, so they are kept only where they
        can be read.
        """
        self._distributions = distributions
        # Not the default registry: two servers in one process have separate counts.
        self._registry = registry = CollectorRegistry()

        def count(name: str, help: str, *labels: str) -> _Count:
            return _Count(_PREFIX + name, help, labels, registry=registry)

        def distribution(name: str, help: str, *labels: str, buckets: list[float]) -> Histogram:
            return Histogram(_PREFIX + name, help, labels, buckets=buckets, registry=registry)

        self._requests = count("request_count", "The total number of requests.", "model_name", "status")
        self._latency = distribution(
            "request_latency",
            "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
            *("model_name", "API", "entrypoint"),
            buckets=_LATENCIES,
        )
        self._runtime = distribution(
            "runtime_latency",
            "Distribution of wall time (in microseconds) for Tensorflow runtime.",
            *("model_name", "API", "runtime"),
            buckets=_LATENCIES,
        )
        self._examples = distribution(
            "request_example_counts",
            "The number of tensorflow.Examples per request.",
            "model",
            buckets=_exponential(1, 2, 15),
        )
        self._examples_total = count(
            "request_example_count_total", "The total number of tensorflow.Examples.", "model"
        )
        self._warmup = distribution(
            "model_warmup_latency",
            "Latency in microseconds for model warmup.",
            *("model_path", "status"),
            buckets=_LATENCIES,
        )
        self._queuing = distribution(
            "batching_session:queuing_latency",
            "Distribution of wall time spent (in microseconds) in queuing",
            "thread_pool_name",
            buckets=_exponential(100, 1.2, 52),
        )

    def answered(self, model: str, status: str, *, api: str, entrypoint: str, seconds: float) -> None:
        """Count a finished request under the name of its status (`OK`, `NOT_FOUND`)."""
        self._requests.labels(model, status).inc()
        if self._distributions:
            self._latency.labels(model, api, entrypoint).observe(seconds * _MICROSECONDS)

    def ran(self, model: str, *, api: str, seconds: float) -> None:
        """Record the time of one graph run, including the wait for it."""
        if self._distributions:
            self._runtime.labels(model, api, "TF1").observe(seconds * _MICROSECONDS)

    def examples(self, model: str, count: int) -> None:
        """Count the rows of an answered request."""
        if self._distributions:
            self._examples.labels(model).observe(count)
        self._examples_total.labels(model).inc(count)

    def warmed(self, path: str, status: str, seconds: float) -> None:
        """Record the warm-up of the version at `path`."""
        self._warmup.labels(path, status).observe(seconds * _MICROSECONDS)

    def queued(self, pool: str, seconds: float) -> None:
        """Record the time a run waited in a batching queue."""
        if self._distributions:
            self._queuing.labels(pool).observe(seconds * _MICROSECONDS)

    def count(self, name: str) -> int:
        """Sum a counter over its labels, by TensorFlow's name for it (`/tensorflow/serving/request_count`).

        An unknown counter is 0.
        """
        return sum(
            int(sample.value)
            for metric in self._registry.collect()
            if metric.type == _Count._type and metric.name == re.sub(r"\W", ":", name)
            for sample in metric.samples
        )

    def page(self) -> bytes:
        """Render all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


# The `_created` samples double the page and are not needed.
prometheus_client.disable_created_metrics()
