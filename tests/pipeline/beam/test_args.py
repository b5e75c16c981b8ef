"""Settings as Beam's own arguments: read back by Beam's own parser, and passed by its own validator."""

from __future__ import annotations

import json
import re

import pytest
from apache_beam.options.pipeline_options import (
    DebugOptions,
    DirectOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    SparkRunnerOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.runner import create_runner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.beam.args import bulk_args, component_args, job_name, pipeline_args, works_elsewhere
from pipeline.settings import load

DATAFLOW = (
    "beam={runner: dataflow, worker: {image: 'eu.gcr.io/p/beam:1'}, dataflow: {project: my-project-1, "
    "region: europe-west4, temp_location: 'gs://bucket/tmp', service_account: b@my-project-1.iam.gserviceaccount.com, "
    "workers: 2, max_workers: 9, machine_type: n2-standard-4, subnetwork: regions/r/subnetworks/s, public_ips: false}}"
)
POOL = "worker: {environment: pool, pool: 'pool:50000'}"


def arguments(*assignments: str) -> list[str]:
    return pipeline_args(load(assignments=assignments).beam)


def parsed(*assignments: str) -> PipelineOptions:
    return PipelineOptions(arguments(*assignments))


def test_defaults_need_no_arguments() -> None:
    # Arguments of Beam are part of what the cache goes by.
    assert arguments() == []
    assert arguments("beam.direct.workers=1") == []


@pytest.mark.parametrize(
    ("mode", "expected"), [("threads", "multi_threading"), ("processes", "multi_processing")]
)
def test_workers_on_this_machine(mode: str, expected: str) -> None:
    direct = parsed(f"beam.direct={{workers: 3, mode: {mode}}}").view_as(DirectOptions)
    assert (direct.direct_num_workers, direct.direct_running_mode) == (3, expected)


@pytest.mark.parametrize(
    ("assignment", "runner", "expected"),
    [
        (
            f"beam={{runner: flink, flink: {{endpoint: 'jobs:8099', parallelism: 4}}, {POOL}}}",
            "FlinkRunner",
            {"job_endpoint": "jobs:8099", "environment_type": "EXTERNAL", "environment_config": "pool:50000"},
        ),
        (
            "beam={runner: spark, spark: {endpoint: 'jobs:8099'}, worker: {image: 'me/beam:1', per_machine: 2}}",
            "SparkRunner",
            {
                "job_endpoint": "jobs:8099",
                "environment_type": "DOCKER",
                "environment_config": "me/beam:1",
                "sdk_worker_parallelism": "2",
            },
        ),
        (
            "beam={runner: portable, portable: {endpoint: 'j:1'}, worker: {environment: process, command: /b/boot}}",
            "PortableRunner",
            {"environment_type": "PROCESS", "environment_config": '{"command": "/b/boot"}'},
        ),
        (
            "beam={runner: flink, flink: {master: '[local]'}, worker: {environment: loopback}}",
            "FlinkRunner",
            {"job_endpoint": None, "environment_type": "LOOPBACK", "environment_config": None},
        ),
    ],
)
def test_an_engine_by_its_job_service(assignment: str, runner: str, expected: dict[str, str | None]) -> None:
    options = parsed(assignment)
    assert options.view_as(StandardOptions).runner == runner
    portable = options.view_as(PortableOptions)
    assert {name: getattr(portable, name) for name in expected} == expected
    if expected["environment_type"] == "PROCESS":
        assert json.loads(portable.environment_config) == {"command": "/b/boot"}


@pytest.mark.parametrize("service", ["endpoint: 'jobs:8099'", "master: 'spark://m:7077'"])
def test_spark_keeps_its_workers_from_stage_to_stage(service: str) -> None:
    spark = parsed(f"beam={{runner: spark, spark: {{{service}}}, {POOL}}}").view_as(PortableOptions)
    assert spark.environment_cache_millis == "60000"
    flink = parsed(f"beam={{runner: flink, flink: {{endpoint: 'jobs:8099'}}, {POOL}}}").view_as(
        PortableOptions
    )
    assert flink.environment_cache_millis == 0


def test_a_job_service_that_beam_starts() -> None:
    flink = parsed(
        f"beam={{runner: flink, flink: {{master: 'm:8081', version: '1.18', jar: /j.jar}}, {POOL}}}"
    )
    of_flink = flink.view_as(FlinkRunnerOptions)
    assert (of_flink.flink_master, of_flink.flink_version) == ("m:8081", "1.18")
    assert of_flink.flink_job_server_jar == "/j.jar"
    spark = parsed(f"beam={{runner: spark, spark: {{master: 'spark://m:7077', jar: /j.jar}}, {POOL}}}")
    of_spark = spark.view_as(SparkRunnerOptions)
    assert (of_spark.spark_master_url, of_spark.spark_job_server_jar) == ("spark://m:7077", "/j.jar")


def test_dataflow() -> None:
    options = parsed(DATAFLOW)
    cloud, workers = options.view_as(GoogleCloudOptions), options.view_as(WorkerOptions)
    assert (cloud.project, cloud.region, cloud.temp_location) == (
        "my-project-1",
        "europe-west4",
        "gs://bucket/tmp",
    )
    assert cloud.service_account_email == "b@my-project-1.iam.gserviceaccount.com"
    assert (workers.num_workers, workers.max_num_workers, workers.machine_type) == (2, 9, "n2-standard-4")
    assert (workers.sdk_container_image, workers.use_public_ips) == ("eu.gcr.io/p/beam:1", False)
    assert workers.subnetwork == "regions/r/subnetworks/s"


@pytest.mark.parametrize(
    "assignment",
    [
        DATAFLOW,
        f"beam={{runner: flink, flink: {{endpoint: 'j:1'}}, {POOL}}}",
        "beam={runner: spark, spark: {endpoint: 'j:1'}, worker: {image: i}}",
        "beam={runner: portable, portable: {endpoint: 'j:1'}, worker: {environment: process, command: /b/boot}}",
        "beam.direct.workers=2",
    ],
)
def test_beam_accepts_every_argument(assignment: str) -> None:
    beam = load(assignments=[assignment]).beam
    given = [*pipeline_args(beam), *component_args(beam, pipeline="Sample_1", component="Transform")]
    options = PipelineOptions(given)
    # Of Dataflow's options the validator asks Google itself.
    if beam.runner != "dataflow":
        runner = create_runner(options.view_as(StandardOptions).runner or "DirectRunner")
        assert PipelineOptionsValidator(options, runner).validate() == []
    known = options.get_all_options(retain_unknown_options=False)
    assert options.get_all_options(retain_unknown_options=True) == known
    # Without an image among the arguments TFX would pack itself anew for every component.
    assert known["sdk_container_image"]


def test_further_arguments_come_last_and_count() -> None:
    expected = arguments("beam.direct.workers=2", "beam.args=[--direct_num_workers=5, --experiments=x]")
    assert PipelineOptions(expected).view_as(DirectOptions).direct_num_workers == 5
    assert PipelineOptions(expected).view_as(DebugOptions).experiments == ["x"]


@pytest.mark.parametrize(
    ("assignments", "workers", "expected"),
    [
        ([], None, []),
        ([], 1, []),
        ([], 3, ["--direct_num_workers=3", "--direct_running_mode=multi_threading"]),
        (
            ["beam.direct={workers: 5, mode: processes}"],
            3,
            ["--direct_num_workers=3", "--direct_running_mode=multi_pro"],
        ),
        (["beam.direct.workers=5"], None, ["--direct_num_workers=5"]),
    ],
)
def test_workers_of_a_bulk_prediction(
    assignments: list[str], workers: int | None, expected: list[str]
) -> None:
    found = bulk_args(load(assignments=assignments).beam, workers=workers)
    assert bool(found) == bool(expected)
    assert all(any(one.startswith(part) for one in found) for part in expected)


def test_which_workers_do_not_see_the_steps_disk() -> None:
    flink = arguments(f"beam={{runner: flink, flink: {{endpoint: 'j:1'}}, {POOL}}}")
    assert works_elsewhere(flink)
    assert works_elsewhere(arguments(DATAFLOW))
    assert not works_elsewhere([*flink, "--runner=DirectRunner"])
    assert not works_elsewhere(
        arguments("beam={runner: flink, flink: {endpoint: 'j:1'}, worker: {environment: loopback}}")
    )
    assert not works_elsewhere(arguments("beam.direct.workers=2"))
    assert not works_elsewhere([])


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,62}", fullmatch=True), st.sampled_from(["CorpusGen", "Transform"])
)
def test_a_jobs_name_is_one_that_dataflow_takes(pipeline: str, component: str) -> None:
    name = job_name(pipeline, component)
    assert re.fullmatch(PipelineOptionsValidator.JOB_PATTERN, name)
    assert len(name) <= 63
    assert name.endswith(f"-{component.lower()}")


def test_jobs_are_named_by_the_pipeline_or_the_setting() -> None:
    beam = load(assignments=[DATAFLOW]).beam
    assert component_args(beam, pipeline="My_Model", component="Transform") == [
        "--job_name=my-model-transform"
    ]
    named = load(assignments=[DATAFLOW, "beam.job_name=nightly"]).beam
    assert component_args(named, pipeline="m", component="Evaluator") == ["--job_name=nightly-evaluator"]
    assert component_args(load().beam, pipeline="m", component="Evaluator") == []
