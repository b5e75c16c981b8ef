"""A server started with the deployment's own command line, files and probes: the embedded one, or the real one if
it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.k8s.server.overlay import models_config
from serving.client import Tagger
from serving.server import flags as command_line
from serving.server.config.config_text import Kind, read_text
from tests.deploy.docker.dockerfiles import DOCKER
from tests.deploy.k8s.k8s_objects import WRITTEN, by_name, container, flags, rendered, volumes
from tests.deploy.k8s.kustomize import Object
from tests.serving import tiny_model
from tests.serving.running import Running, running
from tests.serving.server.tensorflow_serving_flags import flag_name

# Flags whose values a test cannot take from the pod: free ports, and short pauses.
LOCAL_FLAGS = {
    "port": "0",
    "rest_api_port": "-1",
    "file_system_poll_wait_seconds": "1",
    "model_config_file_poll_wait_seconds": "1",
}
_TIME_OUT = 30.0
_SEVERAL_POLLS = 2.5
READY = DOCKER / "server/ready.sh"


@dataclass
class Pod:
    """The deployment's container, its server run as a process here."""

    container: Object
    server: Running
    root: Path

    @property
    def models(self) -> Path:
        """The folder of the model's versions."""
        return self.root / "models" / "mine"

    def get(self, path: str) -> tuple[int, str]:
        """Request a path over HTTP; return status and body."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.server.rest_port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def probe(self, name: str) -> int:
        """Run an HTTP probe; return the status."""
        return self.get(self.container[name]["httpGet"]["path"])[0]


def lay_out_config(objects: list[Object], root: Path) -> None:
    """Write the mounted configuration below `root`, under the paths that it has in the pod."""
    for mount in container(objects)["volumeMounts"]:
        name = volumes(objects)[mount["name"]].get("configMap", {}).get("name")
        for file, text in by_name(objects, "ConfigMap").get(name, {"data": {}})["data"].items():
            path = root / mount["mountPath"].lstrip("/") / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('"/models/', f'"{root}/models/'), encoding="utf-8")


def local_arguments(objects: list[Object], root: Path) -> list[str]:
    """The container's arguments, with paths below `root` and ports of this machine."""
    values = flags(objects) | LOCAL_FLAGS
    return [
        f"--{flag}={value.replace('/etc/tagline', f'{root}/etc/tagline')}" for flag, value in values.items()
    ]


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    root = tmp_path_factory.mktemp("pod")
    objects = rendered("plain")
    lay_out_config(objects, root)
    tiny_model.export(root / "models" / WRITTEN["plain"].model / "1", "PER")
    with running(command_line.parse(local_arguments(objects, root))) as server:
        yield Pod(container(objects), server, root)


def test_the_server_reads_every_file() -> None:
    data = {name: text for item in rendered("plain") for name, text in item.get("data", {}).items()}
    (model,) = read_text(Kind.MODELS, data["models.config"]).model_config_list.config
    assert (model.name, model.base_path) == ("mine", "/models/mine")
    batching = read_text(Kind.BATCHING, data["batching.config"])
    # Padding repeats a row's first element; a request larger than the largest batch is run in parts.
    assert batching.pad_variable_length_inputs is False
    assert batching.enable_large_batch_splitting.value is True
    assert batching.max_execution_batch_size.value <= batching.max_batch_size.value
    assert batching.batch_timeout_micros.value == 0
    monitoring = read_text(Kind.MONITORING, data["monitoring.config"])
    assert monitoring.prometheus_config.enable is True


@pytest.mark.parametrize("name", ["plain", "all"])
def test_the_embedded_server_has_every_flag(name: str) -> None:
    arguments = container(rendered(name))["args"]
    assert {flag_name(argument) for argument in arguments} <= vars(command_line.parse(arguments)).keys()


def test_there_is_a_batch_thread_per_requested_processor(pod: Pod) -> None:
    file = flags(rendered("plain"))["batching_parameters_file"]
    text = (pod.root / file.lstrip("/")).read_text(encoding="utf-8")
    requested = pod.container["resources"]["requests"]["cpu"]
    assert read_text(Kind.BATCHING, text).num_batch_threads.value == int(requested)


def test_the_probes_succeed_while_the_model_is_served(pod: Pod) -> None:
    assert pod.probe("startupProbe") == pod.probe("readinessProbe") == 200
    with Tagger(pod.server.target, "mine") as tagger:
        assert [entity.text for entity in tagger.tag("Anna left").entities] == ["Anna"]


def test_a_request_larger_than_a_batch_is_answered(pod: Pod) -> None:
    texts = [f"Anna {'went ' * (i % 5)}home" for i in range(100)]
    with Tagger(pod.server.target, "mine", batch_size=100) as tagger:
        answers = tagger.tag(texts)
    assert [len(answer.tokens) for answer in answers] == [2 + i % 5 for i in range(100)]
    assert all([entity.text for entity in answer.entities] == ["Anna"] for answer in answers)


def test_the_liveness_probe_is_answered(pod: Pod) -> None:
    request = health_pb2.HealthCheckRequest(service=pod.container["livenessProbe"]["grpc"]["service"])
    with grpc.insecure_channel(pod.server.target) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_prometheus_can_read_the_metrics(pod: Pod) -> None:
    status, text = pod.get("/monitoring/prometheus/metrics")
    assert status == 200
    assert ":tensorflow:serving:request_count" in text


def configure(pod: Pod, versions: str, stable: int) -> None:
    """Replace the mounted models.config, as the kubelet does."""
    text = models_config("mine", str(pod.models.parent)).replace("latest { num_versions: 1 }", versions)
    labels = f'version_labels {{ key: "stable" value: {stable} }}'
    file = pod.root / "etc/tagline/models/models.config"
    scratch = file.with_name("..data")
    scratch.write_text(text.replace("  }\n}", f"    {labels}\n  }}\n}}"), encoding="utf-8")
    scratch.replace(file)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIME_OUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_label_moves_in_two_steps_and_not_in_one(pod: Pod) -> None:
    def served(path: str) -> str:
        match = re.search(r'"version": ?"(\d+)"', pod.get(f"/v1/models/mine{path}/metadata")[1])
        return match[1] if match else "none"

    configure(pod, "specific { versions: 1 }", stable=1)
    wait_until(lambda: served("/labels/stable") == "1")
    tiny_model.export(pod.models / "2", "ORG")

    configure(pod, "specific { versions: 1 versions: 2 }", stable=2)
    time.sleep(_SEVERAL_POLLS)
    assert (served("/labels/stable"), served("/versions/2")) == ("1", "none")

    configure(pod, "specific { versions: 1 versions: 2 }", stable=1)
    wait_until(lambda: served("/versions/2") == "2")
    assert served("/labels/stable") == "1"

    configure(pod, "specific { versions: 1 versions: 2 }", stable=2)
    wait_until(lambda: served("/labels/stable") == "2")


def test_readiness_fails_where_the_status_does_not(pod: Pod) -> None:
    """The last test here: the models are taken away."""

    def docker_check() -> int:
        file = pod.root / "etc/tagline/models/models.config"
        check = [str(READY), str(file), str(pod.server.rest_port)]
        return subprocess.run(check, capture_output=True, check=False).returncode

    assert docker_check() == 0
    for version in pod.models.iterdir():
        shutil.rmtree(version)
    wait_until(lambda: pod.probe("readinessProbe") == 404)
    assert docker_check() == 1
    status, text = pod.get("/v1/models/mine")
    assert status == 200
    assert '"END"' in text or '"UNLOADING"' in text
    test_the_liveness_probe_is_answered(pod)
