"""Submitting, by kfp's own client, to a server that speaks what it asks of Kubeflow Pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli.cluster.submit import submit
from pipeline.cluster.kfp_client import ClusterError, Pipelines, six_fields
from pipeline.settings import SettingsError
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


@pytest.mark.parametrize(("status", "remedy"), [(401, "TAGLINE_KFP_TOKEN"), (503, "kubectl port-forward")])
def test_an_api_that_does_not_answer_is_reported_at_once(api: Api, status: int, remedy: str) -> None:
    api.answers[f"GET {BASE}/healthz"] = status
    with pytest.raises(
        ClusterError, match=f"expected Kubeflow Pipelines' API, found HTTP {status}; .*{remedy}"
    ):
        Pipelines(api.address, namespace="kubeflow")
    assert len(api.requests) == 1


def test_nobody_there() -> None:
    with serving({}) as gone:
        address = gone.address
    with pytest.raises(
        ClusterError, match=r"found .*refused.*; set kubeflow\.host, or `kubectl port-forward"
    ):
        Pipelines(address, namespace="kubeflow")


def test_a_refused_request_is_reported_in_the_apis_words(api: Api, package: Path) -> None:
    api.answers[f"POST {BASE}/runs"] = 400
    with pytest.raises(ClusterError, match=f"found 400 no POST {BASE}/runs; `tagline cluster check`"):
        Pipelines(api.address, namespace="kubeflow").start(package, **NAMES)


@pytest.mark.parametrize(
    ("cron", "expected"), [("0 3 * * 1", "0 0 3 * * 1"), ("30 0 3 * * 1", "30 0 3 * * 1")]
)
def test_a_schedule_begins_with_the_second(cron: str, expected: str) -> None:
    assert six_fields(cron) == expected


def test_a_malformed_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="--cron: found 'daily'; expected five fields"):
        six_fields("daily")


# The command: what it sends is the pipeline, compiled.


def command(api: Api, **options: Any) -> None:
    given: dict[str, Any] = {
        "host": api.address,
        "namespace": None,
        "experiment": "trials",
        "cron": None,
        "wait": False,
    }
    assignments = ["name=sample", "kubeflow.image=r.example.org/t:1"]
    submit(**{**given, "poll": 0.01, **options}, assignments=assignments)


@pytest.mark.slow
def test_submit_and_wait(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command(api, wait=True)
    assert ended.value.code == 0
    (body,) = api.bodies(f"POST {BASE}/runs")
    workflow = json.loads(body["pipeline_spec"]["workflow_manifest"])
    assert workflow["kind"] == "Workflow"
    assert body["service_account"] == workflow["spec"]["serviceAccountName"] == "tagline-pipeline"
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "started sample: run r1", f"{api.address}/#/runs/details/r1", "  corpusgen: succeeded", "  trainer: running",
        "  trainer: succeeded", "run r1: succeeded",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_run_that_fails_is_exit_code_1(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.answers[f"GET {BASE}/runs/r1"] = detail(
        "Failed", ("corpusgate", "Failed"), error="corpusgate: exit code 1"
    )
    with pytest.raises(SystemExit) as ended:
        command(api, wait=True)
    assert ended.value.code == 1
    assert capsys.readouterr().out.endswith("run r1: failed\ncorpusgate: exit code 1\n")


@pytest.mark.slow
def test_submit_on_a_schedule(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    command(api, cron="0 3 * * 1")
    assert capsys.readouterr().out == "scheduled sample at 0 0 3 * * 1: job j1\n"


def test_a_schedule_is_not_waited_for(api: Api) -> None:
    with pytest.raises(SettingsError, match="--cron and --wait: a schedule does not end"):
        command(api, cron="0 3 * * 1", wait=True)
    with pytest.raises(SettingsError, match="--cron: found 'daily'; expected five fields"):
        command(api, cron="daily")
    assert api.requests == []


def test_without_a_corpus_no_cluster_is_contacted(api: Api) -> None:
    with pytest.raises(SettingsError, match="data: not set"):
        submit(host=api.address, assignments=["data=''"])
    assert api.requests == []


def test_without_a_cluster_nothing_is_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(SystemExit) as ended:
        command(gone)
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(
        f"error: {gone.address}/apis/v1beta1/healthz: expected Kubeflow"
    )
