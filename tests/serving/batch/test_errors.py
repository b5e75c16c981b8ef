"""The message of a failure survives what Beam makes of it."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

from serving.batch.errors import BatchFailed


def fail(_: int) -> int:
    raise BatchFailed("a/part-1: cannot be written (No space left on device); make room [so it goes]")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_comes_back_with_its_own_message(workers: int) -> None:
    options = PipelineOptions([])
    direct = options.view_as(DirectOptions)
    direct.direct_num_workers = workers
    direct.direct_running_mode = "in_memory" if workers == 1 else "multi_threading"
    with (
        pytest.raises(Exception, match="No space left") as raised,
        beam.Pipeline(options=options) as pipeline,
    ):
        _ = pipeline | beam.Create([1, 2]) | "Write [it]" >> beam.Map(fail)
    failure = BatchFailed.within(raised.value)
    assert str(failure) == "a/part-1: cannot be written (No space left on device); make room [so it goes]"


def test_another_error_is_not_a_failure_of_ours() -> None:
    assert BatchFailed.within(RuntimeError("ValueError: BatchFailed")) is None
