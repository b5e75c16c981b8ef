"""The Trainer's step creates a job of pods over HTTP: a server here answers as Kubernetes' API does, in its paths."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config import kube_config

from trainer.distributed import pods

FOLDER = "/apis/kubeflow.org/v1/namespaces/research/tfjobs"
TRAINER = "/apis/trainer.kubeflow.org/v1alpha1/namespaces/research"
METADATA = {"name": "mine-training", "namespace": "research"}
TEMPLATE = json.dumps(
    [
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "TFJob",
            "metadata": METADATA,
            "spec": {
                "tfReplicaSpecs": {
                    "Worker": {
                        "replicas": 2,
                        "template": {
                            "spec": {"containers": [{"name": "tensorflow", "args": [pods.JOB_FILE]}]}
                        },
                    }
                }
            },
        }
    ]
)
TRAINJOB = json.dumps(
    [
        {"kind": "TrainingRuntime", "metadata": METADATA, "spec": {"args": [pods.JOB_FILE]}},
        {"kind": "TrainJob", "metadata": METADATA, "spec": {"runtimeRef": {"name": "mine-training"}}},
    ]
)


class _Api(ThreadingHTTPServer):
    """Keeps objects by their paths; the conditions of a job's status are scripted, one list for each request."""

    def __init__(self) -> None:
        super().__init__(("localhost", 0), _Handler)
        self.jobs: dict[str, dict[str, Any]] = {}
        self.created: list[dict[str, Any]] = []
        self.conditions: list[list[dict[str, str]]] = []
        self.refusal = 0


class _Handler(BaseHTTPRequestHandler):
    server: _Api

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _found(self) -> str:
        path = self.path.partition("?")[0]
        return path if path in self.server.jobs else ""

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refusal:
            self._answer(self.server.refusal, {"kind": "Status"})
        elif self.path not in (FOLDER, f"{TRAINER}/trainingruntimes", f"{TRAINER}/trainjobs"):
            self._answer(404, {"kind": "Status"})
        elif (path := f"{self.path}/{job['metadata']['name']}") in self.server.jobs:
            self._answer(409, {"kind": "Status", "reason": "AlreadyExists"})
        else:
            self.server.jobs[path] = job
            self.server.created.append(job)
            self._answer(201, job)

    def do_GET(self) -> None:
        if not (name := self._found()):
            self._answer(404, {"kind": "Status"})
            return
        conditions = self.server.conditions.pop(0)
        self._answer(200, {**self.server.jobs[name], "status": {"conditions": conditions}})

    def do_DELETE(self) -> None:
        del self.server.jobs[self._found()]
        self._answer(200, {"kind": "Status", "status": "Success"})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Api]:
    server = _Api()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = tmp_path / "kubeconfig"
    config.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
                "clusters": [
                    {"name": "here", "cluster": {"server": f"http://localhost:{server.server_address[1]}"}}
                ],
                "users": [{"name": "me", "user": {}}],
            }
        )
    )
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(config))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    yield server
    server.shutdown()
    server.server_close()


def _condition(kind: str, message: str = "", status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


def test_it_is_created_waited_for_and_deleted(api: _Api) -> None:
    api.conditions = [[], [_condition("Created"), _condition("Running")], [_condition("Succeeded")]]
    pods.run(TEMPLATE, "/tagline/job.json", poll_seconds=0)
    (created,) = api.created
    (container,) = created["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"]
    assert container["args"] == ["/tagline/job.json"]
    assert (api.jobs, api.conditions) == ({}, [])


def test_a_trainjob_has_a_runtime_of_its_own(api: _Api) -> None:
    api.conditions = [[_condition("Suspended", status="False")], [_condition("Complete")]]
    pods.run(TRAINJOB, "/tagline/job.json", poll_seconds=0)
    runtime, job = api.created
    assert [one["kind"] for one in api.created] == ["TrainingRuntime", "TrainJob"]
    assert job["metadata"]["name"] == job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    assert job["metadata"]["name"].startswith("mine-training-")
    assert runtime["spec"]["args"] == ["/tagline/job.json"]
    assert (api.jobs, api.conditions) == ({}, [])


def test_a_trainjob_that_fails_is_an_error(api: _Api) -> None:
    api.conditions = [[_condition("Failed", "jobset failed")]]
    with pytest.raises(pods.JobFailed, match=r"TrainJob mine-training-\w+ in research failed: jobset failed"):
        pods.run(TRAINJOB, "/tagline/job.json", poll_seconds=0)
    assert api.jobs == {}


def test_a_failure_is_an_error_with_the_operators_message(api: _Api) -> None:
    api.conditions = [[_condition("Running", status="False"), _condition("Failed", "worker 1 exited with 1")]]
    with pytest.raises(pods.JobFailed, match=r"mine-training-\w+ in research failed: worker 1 exited with 1"):
        pods.run(TEMPLATE, "/tagline/job.json", poll_seconds=0)


def test_a_restarted_step_waits_for_the_job_that_exists(api: _Api) -> None:
    name = pods.fill_in(TEMPLATE, "/tagline/job.json")[-1]["metadata"]["name"]
    api.jobs[f"{FOLDER}/{name}"] = {"metadata": {"name": name}}
    api.conditions = [[_condition("Succeeded")]]
    pods.run(TEMPLATE, "/tagline/job.json", poll_seconds=0)
    assert api.created == []


def test_a_missing_role_is_an_error_that_names_it(api: _Api) -> None:
    api.refusal = 403
    with pytest.raises(
        pods.JobFailed, match=r"403 Forbidden; it needs its operator there, and a role that may .* tfjobs"
    ):
        pods.run(TEMPLATE, "/tagline/job.json", poll_seconds=0)


def test_each_training_has_a_name_of_its_own() -> None:
    names = [
        pods.fill_in(TEMPLATE, f"/tagline/{seed}/job.json")[-1]["metadata"]["name"] for seed in (1, 2, 1)
    ]
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("mine-training-") for name in names)
