"""`tagline submit`: what it sends is the pipeline, compiled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.cluster.submit import submit
from pipeline.settings import SettingsError
from tests.pipeline.cluster import v2beta1
from tests.pipeline.cluster.rest_api import Api, serving
from tests.pipeline.cluster.v2beta1 import BASE, taken

OLD = "/apis/v1beta1"


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(v2beta1.answers()) as api:
        yield api


def command(api: Api, **options: Any) -> None:
    given: dict[str, Any] = {
        "target": "kubeflow-v2",
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
    (body,) = taken(api, "runs")
    spec, platform = body["pipeline_spec"]["pipeline_spec"], body["pipeline_spec"]["platform_spec"]
    assert spec["pipelineInfo"]["name"] == body["display_name"] == "sample"
    assert body["service_account"] == "tagline-pipeline"
    assert body["runtime_config"]["pipeline_root"] == spec["defaultPipelineRoot"]
    # Volumes and all.
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors.keys() == spec["deploymentSpec"]["executors"].keys()
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "started sample: run r1", f"{api.address}/#/runs/details/r1", "  CorpusGen: succeeded", "  Trainer: running",
        "  Trainer: succeeded", "run r1: succeeded",
    ]  # fmt: skip
    assert printed.err.startswith(
        "note: pipeline.root is runs, on a volume: checkpoints go there, and artifacts"
    )


@pytest.mark.slow
def test_a_workflow_goes_to_the_older_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # kfp's client keeps a context there
    answers = {
        f"GET {OLD}/healthz": {},
        f"GET {OLD}/experiments": {},
        f"POST {OLD}/experiments": {"id": "e1"},
        f"POST {OLD}/runs": {"run": {"id": "r1"}},
    }
    with serving(answers) as api:
        command(api, target="kubeflow")
    (body,) = api.bodies(f"POST {OLD}/runs")
    workflow = json.loads(body["pipeline_spec"]["workflow_manifest"])
    assert workflow["kind"] == "Workflow"
    assert body["service_account"] == workflow["spec"]["serviceAccountName"] == "tagline-pipeline"
    assert capsys.readouterr().out.startswith("started sample: run r1\n")


@pytest.mark.slow
def test_a_run_that_fails_is_exit_code_1(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.answers[f"GET {BASE}/runs/r1"] = v2beta1.run("FAILED", ("CorpusGate", "FAILED"), error="exit code 1")
    with pytest.raises(SystemExit) as ended:
        command(api, wait=True)
    assert ended.value.code == 1
    assert capsys.readouterr().out.endswith("  CorpusGate: failed\nrun r1: failed\nexit code 1\n")


@pytest.mark.slow
def test_submit_on_a_schedule(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    command(api, cron="0 3 * * 1")
    assert capsys.readouterr().out == "scheduled sample at 0 0 3 * * 1: job j1\n"
    assert taken(api, "recurringruns")[0]["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 1"


def test_a_schedule_is_not_waited_for(api: Api) -> None:
    with pytest.raises(SettingsError, match="--cron and --wait: a schedule does not end"):
        command(api, cron="0 3 * * 1", wait=True)
    with pytest.raises(SettingsError, match="--cron: found 'daily'; expected five fields"):
        command(api, cron="daily")
    assert api.requests == []


def test_without_a_corpus_no_cluster_is_contacted(api: Api) -> None:
    with pytest.raises(SettingsError, match="data: not set"):
        submit(host=api.address, assignments=["data=''"])
    with pytest.raises(SettingsError, match="--target: found 'vertex'; expected kubeflow-v2 or kubeflow"):
        submit(host=api.address, target="vertex", assignments=[])
    assert api.requests == []


@pytest.mark.parametrize(("target", "version"), [("kubeflow-v2", "v2beta1"), ("kubeflow", "v1beta1")])
def test_without_a_cluster_nothing_is_compiled(
    target: str, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(SystemExit) as ended:
        command(gone, target=target)
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(
        f"error: {gone.address}/apis/{version}/healthz: expected Kubeflow"
    )
