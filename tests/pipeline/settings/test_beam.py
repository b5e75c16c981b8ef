"""Where Beam's work is done: refused where it cannot be, with what to do."""

from __future__ import annotations

import pytest

from pipeline.settings import SettingsError, load

FLINK = "beam={runner: flink, flink: {endpoint: 'jobs:8099'}, worker: {image: 'me/beam:1'}}"
DATAFLOW = (
    "beam={runner: dataflow, worker: {image: 'me/beam:1'}, "
    "dataflow: {project: my-project-1, region: europe-west4, temp_location: 'gs://b/tmp'}}"
)


def refusal(*assignments: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(assignments=assignments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        (["beam.runner=samza"], "beam.runner: invalid enum value 'samza'"),
        (["beam.direct.workers=0"], "beam.direct.workers: expected `int` >= 1; found 0"),
        (["beam.direct.modes=threads"], "beam.direct.modes: no such setting; expected one of mode, workers"),
        (["beam.job_name=My_Job"], "beam.job_name: expected a lower-case letter, then"),
        (["beam.runner=flink"], "beam: runner: found flink and no flink.endpoint; set flink.endpoint: HOST:PORT"),
        (["beam.runner=flink"], "or flink.master for Beam to start one"),
        (["beam.runner=spark"], "beam: runner: found spark and no spark.endpoint"),
        (["beam.runner=portable"], "set portable.endpoint: HOST:PORT of a Beam job service (settings"),
        (["beam.flink.endpoint=http://jobs:8099"], "beam.flink.endpoint: expected HOST:PORT, such as"),
        (["beam.flink.master=jobmanager"], "beam.flink: master: found jobmanager; expected HOST:PORT of the"),
        (["beam.flink={endpoint: 'a:1', master: 'b:2'}"], "found endpoint a:1 and master b:2; expected one of"),
        (["beam.flink.jar=x.jar"], "beam.flink: jar: found x.jar and no master"),
        (["beam.spark.master=sparky"], "beam.spark: master: found sparky; expected Spark's own form"),
        ([FLINK, "beam.worker.image=null"], "worker.image: found none, and flink's workers are containers; set"),
        ([FLINK, "beam.worker.environment=process"], "found environment process and no command; set command:"),
        ([FLINK, "beam.worker.environment=pool"], "beam.worker: found environment pool and no pool; set pool:"),
        (["beam.worker.command=x"], "found environment container and command; take command out, or set env"),
        (
            ["beam={runner: flink, flink: {master: 'far:8081'}, worker: {environment: loopback}}"],
            "found loopback with flink.master far:8081, whose machines cannot reach this process",
        ),
        ([DATAFLOW, "beam.dataflow.project=null"], "beam: dataflow.project: found none, and runner is dataflow; set"),
        ([DATAFLOW, "beam.dataflow.region=null"], "beam: dataflow.region: found none"),
        ([DATAFLOW, "beam.dataflow.temp_location=null"], "dataflow.temp_location: found none"),
        (["beam.dataflow.temp_location=/tmp"], "temp_location: found /tmp; expected gs://BUCKET/path"),
        (["beam.dataflow.staging_location=s3://b/x"], "staging_location: found s3://b/x; expected gs://BUCKET/path"),
        (["beam.dataflow.project=1234567"], "beam.dataflow: project: found 1234567; expected the project's id"),
        (["beam.dataflow.project=My Project"], "project: found My Project; expected the project's id"),
        (["beam.dataflow.region=eu"], "region: found eu; expected a region, such as europe-west4"),
        (["beam.dataflow.service_account=/keys/a.json"], "found /keys/a.json; expected an account by its name"),
        (["beam.dataflow={workers: 5, max_workers: 2}"], "workers: found 5, more than max_workers, 2"),
        ([DATAFLOW, "beam.shared_disk=true"], "shared_disk: found true; Dataflow's workers share no disk"),
        ([DATAFLOW, "beam.worker={environment: pool, pool: 'a:1'}"], "found pool; Dataflow runs containers alone"),
        ([DATAFLOW, "beam.worker.image=null"], "found none, and dataflow's workers are containers"),
    ],
)  # fmt: skip
def test_illegal_values_are_refused(assignments: list[str], expected: str) -> None:
    assert expected in refusal(*assignments)


@pytest.mark.parametrize(
    ("assignment", "shares"),
    [
        ("beam.runner=direct", True),
        (FLINK, False),
        (FLINK.replace("runner: flink", "runner: flink, shared_disk: true"), True),
        (FLINK.replace("image: 'me/beam:1'", "environment: loopback"), True),
        (DATAFLOW, False),
    ],
)
def test_which_workers_see_the_steps_disk(assignment: str, shares: bool) -> None:
    assert load(assignments=[assignment]).beam.shares_disk is shares


def test_settings_of_other_engines_are_ignored() -> None:
    chosen = load(assignments=[DATAFLOW, "beam.runner=direct", "beam.flink.master='[local]'"]).beam
    assert (chosen.runner, chosen.endpoint, chosen.master) == ("direct", None, None)
    assert chosen.dataflow.region == "europe-west4"
