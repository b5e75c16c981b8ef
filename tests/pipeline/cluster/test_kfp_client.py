"""Submitting, by kfp's own client, to a server that speaks what it asks of Kubeflow Pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cluster.kfp_client import Pipelines
from pipeline.cluster.pipelines_api import ClusterError
from tests.pipeline.cluster.rest_api import Api, serving

BASE = "/apis/v1beta1"
WORKFLOW = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "s-"}}
NAMES = {"name": "sample", "experiment": "trials", "service_account": "runner"}


def detail(status: str | None, *nodes: tuple[str, str], error: str = "") -> dict[str, Any]:
    """A run as the API returns it, with a workflow whose steps have these phases."""
    nodes = {
        f"n{i}": {"type": "Pod", "displayName": name, "phase": phase, "startedAt": f"2024-01-01T00:00:0{i}Z"}
        for i, (name, phase) in enumerate(nodes)
    }
    nodes["dag"] = {"type": "DAG", "displayName": "sample", "phase": "Running"}
    return {
        "run": {"id": "r1", "name": "sample", "status": status, "error": error or None},
        "pipeline_runtime": {"workflow_manifest": json.dumps({"status": {"nodes": nodes}})},
    }


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("HOME", str(tmp_path))  # kfp's client keeps a context there
    answers = {
        f"GET {BASE}/healthz": {"commit_sha": "abc", "multi_user": False},
        f"GET {BASE}/experiments": {},
        f"POST {BASE}/experiments": {"id": "e1", "name": "trials"},
        f"POST {BASE}/runs": {"run": {"id": "r1", "name": "sample"}},
        f"POST {BASE}/jobs": {"id": "j1", "name": "sample"},
        f"GET {BASE}/runs/r1": [
            detail(None),
            detail("Running", ("corpusgen", "Succeeded"), ("trainer", "Running")),
            detail("Succeeded", ("corpusgen", "Succeeded"), ("trainer", "Succeeded")),
        ],
    }
    with serving(answers) as api:
        yield api


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(yaml.safe_dump(WORKFLOW))
    return path


def test_a_run_is_started_in_its_experiment(api: Api, package: Path) -> None:
    pipelines = Pipelines(api.address + "/", namespace="kubeflow")
    assert pipelines.start(package, **NAMES) == "r1"
    (body,) = api.bodies(f"POST {BASE}/runs")
    assert (body["name"], body["service_account"]) == ("sample", "runner")
    assert json.loads(body["pipeline_spec"]["workflow_manifest"]) == WORKFLOW
    assert body["resource_references"] == [
        {"key": {"id": "e1", "type": "EXPERIMENT"}, "relationship": "OWNER"}
    ]
    assert pipelines.page("r1") == f"{api.address}/#/runs/details/r1"


def test_a_multi_user_api_gets_the_namespace(api: Api, package: Path) -> None:
    Pipelines(api.address, namespace="mine").start(package, **NAMES)
    assert api.bodies(f"POST {BASE}/experiments") == [{"name": "trials", "resource_references": []}]
    api.answers[f"GET {BASE}/healthz"] = {"multi_user": True}
    Pipelines(api.address, namespace="mine").start(package, **NAMES)
    (reference,) = api.bodies(f"POST {BASE}/experiments")[1]["resource_references"]
    assert reference["key"] == {"id": "mine", "type": "NAMESPACE"}


def test_an_existing_experiment_is_used(api: Api, package: Path) -> None:
    api.answers[f"GET {BASE}/experiments"] = {"experiments": [{"id": "e7", "name": "trials"}]}
    Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
    assert api.bodies(f"POST {BASE}/experiments") == []
    (body,) = api.bodies(f"POST {BASE}/runs")
    assert body["resource_references"][0]["key"]["id"] == "e7"


def test_a_schedule_runs_once_at_a_time(api: Api, package: Path) -> None:
    pipelines = Pipelines(api.address, namespace="kubeflow")
    assert pipelines.schedule(package, cron="0 0 3 * * 1", **NAMES) == "j1"
    (body,) = api.bodies(f"POST {BASE}/jobs")
    assert body["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * 1"}}
    assert (body["max_concurrency"], body["no_catchup"], body["enabled"]) == (1, True, True)
    assert (body["name"], body["service_account"]) == ("sample", "runner")


def test_a_run_is_followed_to_its_end(api: Api) -> None:
    seen = list(Pipelines(api.address, namespace="kubeflow").follow("r1", seconds=0))
    assert [progress.status for progress in seen] == ["", "running", "succeeded"]
    assert list(seen[1].steps.items()) == [("corpusgen", "Succeeded"), ("trainer", "Running")]
    assert [progress.ended for progress in seen] == [False, False, True]
    assert seen[-1].succeeded


def test_a_retried_step_is_one_step_and_its_first_failure_no_error(api: Api) -> None:
    # Argo makes a pod of each attempt and puts its number behind the step's name.
    answer = detail("Failed", ("trainer(0)", "Failed"), ("trainer(1)", "Succeeded"), ("report", "Failed"))
    manifest = json.loads(answer["pipeline_runtime"]["workflow_manifest"])
    for node in manifest["status"]["nodes"].values():
        if node["displayName"] in ("trainer(0)", "report"):
            node["message"] = f"of {node['displayName']}"
    answer["pipeline_runtime"]["workflow_manifest"] = json.dumps(manifest)
    api.answers[f"GET {BASE}/runs/r1"] = [answer]
    (progress,) = Pipelines(api.address, namespace="n").follow("r1", seconds=0)
    assert progress.steps == {"trainer": "Succeeded", "report": "Failed"}
    assert progress.error == "report: of report"


def test_a_token_is_sent_and_comes_from_the_environment(
    api: Api, monkeypatch: pytest.MonkeyPatch, package: Path
) -> None:
    monkeypatch.setenv("TAGLINE_KFP_TOKEN", "abc")
    Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
    assert {headers.get("Authorization", headers.get("authorization")) for headers in api.headers} == {
        "Bearer abc"
    }


def test_a_refused_request_is_reported_in_the_apis_words(api: Api, package: Path) -> None:
    api.answers[f"POST {BASE}/runs"] = 400
    with pytest.raises(ClusterError, match=f"found 400 no POST {BASE}/runs; `tagline cluster check`"):
        Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)
