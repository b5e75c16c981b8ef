"""Beam starts a job service beside the step, as `beam.flink.master` and `beam.spark.master` ask it to."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.engines import parts
from benchmarks.engines.cluster import Engine
from benchmarks.engines.spark import GRANTED
from pipeline.beam.checks import require_engine
from pipeline.settings import load
from tests.engines.beam.data_path import made, prepared, records
from tests.engines.conftest import Met


@pytest.mark.parametrize("engine", ["flink", "spark"], indirect=True)
def test_examples(
    engine: Engine, tmp_path: Path, few: Path, monkeypatch: pytest.MonkeyPatch, met: Met
) -> None:
    runner = engine.name.lower()
    jar = parts.job_server(runner)
    # As docs/beam.md says: Spark on Java 17 takes this.
    monkeypatch.setenv("JDK_JAVA_OPTIONS", f"-Xmx700m {GRANTED}")
    more, args = "parallelism: 2", "[]"
    if runner == "spark":
        # An executor's usual gigabyte is more than the cluster's machines have.
        more, args = "", "[--job_server_jvm_properties=-Dspark.executor.memory=700m]"
    chosen = (
        f"beam={{runner: {runner}, shared_disk: true, worker: {engine.workers}, args: {args}, "
        f"{runner}: {{master: '{engine.master}', jar: '{jar}', {more}}}}}"
    )
    require_engine(load(assignments=[chosen]).beam)
    here, there = (
        prepared(few, tmp_path / name, *given, until="CorpusGen")
        for name, given in (("here", ()), ("there", (chosen,)))
    )
    assert records(made(there, "CorpusGen", "examples")) == records(made(here, "CorpusGen", "examples"))
    met(f"{engine.name} by beam.{runner}.master", engine.version)
