"""Our failures, found again in what Beam makes of them."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

from serving.batch.errors import BulkFailed


def fail(_: int) -> int:
    raise BulkFailed("a/part-1: cannot be written (No space left on device); make room [so it goes]")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_comes_back_as_it_was_told(workers: int) -> None:
    options = PipelineOptions([])
    direct = options.view_as(DirectOptions)
    direct.direct_num_workers = workers
    direct.direct_running_mode = "in_memory" if workers == 1 else "multi_threading"
    with (
        pytest.raises(Exception, match="No space left") as raised,
        beam.Pipeline(options=options) as pipeline,
    ):
        _ = pipeline | beam.Create([1, 2]) | "Write [it]" >> beam.Map(fail)
    found = BulkFailed.within(raised.value)
    assert str(found) == "a/part-1: cannot be written (No space left on device); make room [so it goes]"


def test_another_error_is_none_of_ours() -> None:
    assert BulkFailed.within(RuntimeError("ValueError: BulkFailed")) is None
