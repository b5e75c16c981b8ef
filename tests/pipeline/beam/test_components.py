"""Which components of a pipeline run on Beam, and the arguments of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, StandardOptions
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent

from pipeline.factory import create_pipeline
from pipeline.settings import load

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "beam.md").read_text(encoding="utf-8")
ON_BEAM = ("CorpusGen", "StatisticsGen", "Transform", "Evaluator")
FLINK = "beam={runner: flink, flink: {endpoint: 'jobs:8099'}, worker: {image: 'me/beam:1'}}"
SHARED = FLINK.replace("runner: flink", "runner: flink, shared_disk: true")
LOOPBACK = FLINK.replace("image: 'me/beam:1'", "environment: loopback")


def options_of(*assignments: str) -> dict[str, PipelineOptions]:
    """The options of each component, as Beam's own parser reads them: the last of a kind counts."""
    return {
        component.id: PipelineOptions(component.executor_spec.beam_pipeline_args)
        for component in create_pipeline(load(assignments=assignments)).components
        if isinstance(component, BaseBeamComponent)
    }


def test_the_docs_name_the_components_that_run_on_beam() -> None:
    assert set(options_of()) == set(ON_BEAM)
    assert re.search(rf"^{', '.join(ON_BEAM[:-1])} and {ON_BEAM[-1]} run on Apache Beam", TEXT, re.MULTILINE)


@pytest.mark.parametrize(
    ("assignment", "of_the_corpus", "of_others"),
    [
        # Workers that do not see the corpus are not sent for it.
        (FLINK, "DirectRunner", "FlinkRunner"),
        (SHARED, "FlinkRunner", "FlinkRunner"),
        (LOOPBACK, "FlinkRunner", "FlinkRunner"),
        ("beam.runner=direct", None, None),
    ],
)
def test_the_runner_of_each_component(
    assignment: str, of_the_corpus: str | None, of_others: str | None
) -> None:
    found = {
        name: options.view_as(StandardOptions).runner for name, options in options_of(assignment).items()
    }
    assert found.pop("CorpusGen") == of_the_corpus
    assert found == dict.fromkeys(ON_BEAM[1:], of_others)


def test_each_component_is_a_job_of_its_own() -> None:
    names = {
        name: options.view_as(GoogleCloudOptions).job_name
        for name, options in options_of(FLINK, "name=sample").items()
    }
    assert names == {name: f"sample-{name.lower()}" for name in ON_BEAM}
