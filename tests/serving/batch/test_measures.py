"""Metrics of one namespace, summed over all steps; empty if an engine keeps none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics import Metrics

from serving.batch.measures import Measures, Spread, measured


class Counts(beam.DoFn):
    """Counts what passes, under two names."""

    def __init__(self) -> None:
        self.seen = Metrics.counter("ours", "seen")
        self.others = Metrics.counter("others", "seen")
        self.sizes = Metrics.distribution("ours", "sizes")

    def process(self, element: int) -> Iterable[int]:
        self.seen.inc()
        self.others.inc(100)
        self.sizes.update(element)
        yield element + 10


@pytest.mark.parametrize("mode", ["in_memory", "multi_threading"])
def test_steps_are_summed_and_other_names_left_out(mode: str) -> None:
    options = beam.options.pipeline_options.PipelineOptions(
        [f"--direct_running_mode={mode}", "--direct_num_workers=2"]
    )
    with beam.Pipeline(options=options) as pipeline:
        numbers = pipeline | beam.Create([1, 2, 3])
        _ = numbers | "First" >> beam.ParDo(Counts()) | "Second" >> beam.ParDo(Counts())
    measures = measured(pipeline.result, "ours")
    # 1, 2, 3 by the first step, 11, 12, 13 by the second.
    assert measures == Measures({"seen": 6}, {"sizes": Spread(count=6, sum=42, min=1, max=13)})
    assert Measures.from_json(measures.to_json()) == measures
    assert measured(pipeline.result, "nobody's") == Measures()


def test_an_engine_without_metrics_is_no_failure() -> None:
    class Result:
        def metrics(self) -> Any:
            raise NotImplementedError("will come later")

    assert measured(Result(), "ours") == Measures()


def test_a_spread_of_nothing_changes_nothing() -> None:
    nothing, some = Spread(0, 0, 0, 0), Spread(2, 9, 4, 5)
    assert nothing + some == some + nothing == some
    assert (nothing.mean, some.mean) == (0.0, 4.5)
