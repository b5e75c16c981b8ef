"""Submitting a spec by API v2beta1, to a server that speaks what it asks of Kubeflow Pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.cluster.kfp_v2 import Pipelines
from pipeline.cluster.pipelines_api import ClusterError
from tests.pipeline.cluster import v2beta1
from tests.pipeline.cluster.rest_api import Api, serving
from tests.pipeline.cluster.v2beta1 import BASE, PLATFORM, SPEC, taken

NAMES = {"name": "sample", "experiment": "trials", "service_account": "runner"}


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(v2beta1.answers()) as api:
        yield api


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump_all([SPEC, PLATFORM]))
    return path


def test_a_run_is_started_in_its_experiment(api: Api, package: Path) -> None:
    pipelines = Pipelines(api.address + "/", namespace="kubeflow")
    assert pipelines.start(package, **NAMES) == "r1"
    (body,) = taken(api, "runs")
    assert (body["display_name"], body["service_account"], body["experiment_id"]) == (
        "sample",
        "runner",
        "e1",
    )
    assert body["pipeline_spec"] == {"pipeline_spec": SPEC, "platform_spec": PLATFORM}
    assert body["runtime_config"] == {"pipeline_root": "s3://b/runs"}
    assert pipelines.page("r1") == f"{api.address}/#/runs/details/r1"


def test_a_spec_alone_is_sent_alone(api: Api, package: Path) -> None:
    package.write_text(yaml.safe_dump(SPEC))
    Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
    (body,) = taken(api, "runs")
    assert body["pipeline_spec"] == SPEC


def test_a_slip_would_be_seen(api: Api, package: Path) -> None:
    jsonschema.Draft7Validator.check_schema(v2beta1.SCHEMA)
    Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
    body = api.bodies(f"POST {BASE}/runs")[0]
    body["name"] = body.pop("display_name")
    with pytest.raises(jsonschema.ValidationError):
        taken(api, "runs")


def test_a_multi_user_api_gets_the_namespace(api: Api, package: Path) -> None:
    Pipelines(api.address, namespace="mine").start(package, **NAMES)
    api.answers[f"GET {BASE}/healthz"] = {"multi_user": True}
    Pipelines(api.address, namespace="mine").start(package, **NAMES)
    assert [body["namespace"] for body in taken(api, "experiments")] == ["", "mine"]
    asked = [query for request, query, _ in api.requests if request == f"GET {BASE}/experiments"]
    assert [query.get("namespace", [""]) for query in asked] == [[""], ["mine"]]


def test_an_existing_experiment_is_used(api: Api, package: Path) -> None:
    api.answers[f"GET {BASE}/experiments"] = {"experiments": [{"experiment_id": "e7"}]}
    Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
    assert taken(api, "experiments") == []
    assert taken(api, "runs")[0]["experiment_id"] == "e7"
    (query,) = [query for request, query, _ in api.requests if request == f"GET {BASE}/experiments"]
    (predicate,) = json.loads(query["filter"][0])["predicates"]
    assert predicate == {"operation": "EQUALS", "key": "display_name", "stringValue": "trials"}


def test_a_schedule_runs_once_at_a_time(api: Api, package: Path) -> None:
    pipelines = Pipelines(api.address, namespace="kubeflow")
    assert pipelines.schedule(package, cron="0 0 3 * * 1", **NAMES) == "j1"
    (body,) = taken(api, "recurringruns")
    assert body["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * 1"}}
    assert (body["max_concurrency"], body["no_catchup"], body["mode"]) == (1, True, "ENABLE")


def test_a_run_is_followed_to_its_end(api: Api) -> None:
    seen = list(Pipelines(api.address, namespace="kubeflow").follow("r1", seconds=0))
    assert [progress.status for progress in seen] == ["", "running", "succeeded"]
    # Neither drivers nor executors: the steps, in the order of their starts.
    assert list(seen[1].steps.items()) == [("CorpusGen", "SUCCEEDED"), ("Trainer", "RUNNING")]
    assert [progress.ended for progress in seen] == [False, False, True]
    assert seen[-1].succeeded


@pytest.mark.parametrize("state", ["FAILED", "CANCELED", "SKIPPED"])
def test_a_run_that_did_not_succeed_has_ended(api: Api, state: str) -> None:
    api.answers[f"GET {BASE}/runs/r1"] = v2beta1.run(state, error="why")
    (progress,) = Pipelines(api.address, namespace="n").follow("r1", seconds=0)
    assert (progress.ended, progress.succeeded, progress.error) == (True, False, "why")


def test_a_refused_request_is_reported_in_the_apis_words(api: Api, package: Path) -> None:
    api.answers[f"POST {BASE}/runs"] = 400
    with pytest.raises(ClusterError, match=f"found 400 no POST {BASE}/runs; `tagline cluster check`"):
        Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)


def test_a_server_that_has_gone_is_reported(package: Path) -> None:
    with serving(v2beta1.answers()) as gone:
        pipelines = Pipelines(gone.address, namespace="kubeflow")
    with pytest.raises(ClusterError, match=r"expected an answer to GET experiments\?.*, found .*refused"):
        pipelines.start(package, **NAMES)
