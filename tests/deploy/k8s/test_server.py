"""The deployment's own command line, files and probes, on a server: the embedded one, or the real one if there is."""

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

from deploy.k8s.server.overlay import MANIFESTS, Overlay, models_config, write
from serving.client import Tagger
from serving.server import flags as command_line
from serving.server.config.config_text import Kind, read_text
from tests.deploy.k8s.kustomize import Object, render
from tests.serving import tiny_model
from tests.serving.running import Running, running
from tests.serving.server.tensorflow_serving_flags import flag_name

# What is this machine's in place of the pod's: ports that are free, and looks that are not waited for.
HERE = {
    "port": "0",
    "rest_api_port": "-1",
    "file_system_poll_wait_seconds": "1",
    "model_config_file_poll_wait_seconds": "1",
}
_PATIENCE = 30.0
_SOME_POLLS = 2.5
READY = MANIFESTS.parent / "docker" / "ready.sh"


@dataclass
class Pod:
    """A container of the deployment, without the container."""

    container: Object
    server: Running
    root: Path

    @property
    def models(self) -> Path:
        """The model's folder of versions."""
        return self.root / "models" / "mine"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body, as a probe by HTTP sees them."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.server.rest_port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def probe(self, name: str) -> int:
        """The HTTP status that a probe gets."""
        return self.get(self.container[name]["httpGet"]["path"])[0]


def mounted(objects: list[Object], root: Path) -> Object:
    """The one container, its mounted configuration laid out below `root` under the paths in the pod."""
    (spec,) = [item["spec"]["template"]["spec"] for item in objects if item["kind"] == "Deployment"]
    (container,) = spec["containers"]
    data = {item["metadata"]["name"]: item["data"] for item in objects if item["kind"] == "ConfigMap"}
    maps = {
        volume["name"]: data[volume["configMap"]["name"]]
        for volume in spec["volumes"]
        if "configMap" in volume
    }
    for mount in container["volumeMounts"]:
        for name, text in maps.get(mount["name"], {}).items():
            path = root / mount["mountPath"].lstrip("/") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('"/models/', f'"{root}/models/'), encoding="utf-8")
    return container


def arguments_here(container: Object, root: Path) -> list[str]:
    """The container's arguments with this machine's paths and ports."""
    given = dict(argument[2:].split("=", 1) for argument in container["args"]) | HERE
    return [
        f"--{name}={value.replace('/etc/tagline', f'{root}/etc/tagline')}" for name, value in given.items()
    ]


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    root = tmp_path_factory.mktemp("pod")
    write(Overlay(model="mine", namespace="mine"), root / "overlay")
    container = mounted(render(root / "overlay"), root)
    versions = root / "models" / "mine"
    tiny_model.export(versions / "1", "PER")
    with running(command_line.parse(arguments_here(container, root))) as server:
        yield Pod(container, server, root)


def test_every_file_is_read_by_the_server(tmp_path: Path) -> None:
    write(Overlay(model="mine", namespace="mine"), tmp_path)
    data = {name: text for item in render(tmp_path) for name, text in item.get("data", {}).items()}
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


def test_every_flag_is_the_servers_own(tmp_path: Path) -> None:
    write(Overlay(model="mine", namespace="mine", tls=True), tmp_path)
    (arguments,) = [
        item["spec"]["template"]["spec"]["containers"][0]["args"]
        for item in render(tmp_path)
        if item["kind"] == "Deployment"
    ]
    read = command_line.parse(arguments)
    assert {flag_name(argument) for argument in arguments} <= vars(read).keys()


def test_the_batch_threads_are_as_many_as_the_processors_asked_for(pod: Pod) -> None:
    (file,) = [
        argument.partition("=")[2] for argument in pod.container["args"] if "batching_parameters" in argument
    ]
    text = (pod.root / file.lstrip("/")).read_text(encoding="utf-8")
    requested = pod.container["resources"]["requests"]["cpu"]
    assert read_text(Kind.BATCHING, text).num_batch_threads.value == int(requested)


def test_the_model_is_served_and_the_probes_say_so(pod: Pod) -> None:
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
    asked = health_pb2.HealthCheckRequest(service=pod.container["livenessProbe"]["grpc"]["service"])
    with grpc.insecure_channel(pod.server.target) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_prometheus_finds_the_metrics(pod: Pod) -> None:
    status, text = pod.get("/monitoring/prometheus/metrics")
    assert status == 200
    assert ":tensorflow:serving:request_count" in text


def configure(pod: Pod, versions: str, stable: int) -> None:
    """Replaces the mounted models.config, as the kubelet does."""
    text = models_config("mine", str(pod.models.parent)).replace("latest { num_versions: 1 }", versions)
    labels = f'version_labels {{ key: "stable" value: {stable} }}'
    file = pod.root / "etc/tagline/models/models.config"
    scratch = file.with_name("..data")
    scratch.write_text(text.replace("  }\n}", f"    {labels}\n  }}\n}}"), encoding="utf-8")
    scratch.replace(file)


def wait_until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_label_moves_in_two_steps_and_not_in_one(pod: Pod) -> None:
    def served(path: str) -> str:
        found = re.search(r'"version": ?"(\d+)"', pod.get(f"/v1/models/mine{path}/metadata")[1])
        return found[1] if found else "none"

    configure(pod, "specific { versions: 1 }", stable=1)
    wait_until(lambda: served("/labels/stable") == "1")
    tiny_model.export(pod.models / "2", "ORG")

    configure(pod, "specific { versions: 1 versions: 2 }", stable=2)
    time.sleep(_SOME_POLLS)
    assert (served("/labels/stable"), served("/versions/2")) == ("1", "none")

    configure(pod, "specific { versions: 1 versions: 2 }", stable=1)
    wait_until(lambda: served("/versions/2") == "2")
    assert served("/labels/stable") == "1"

    configure(pod, "specific { versions: 1 versions: 2 }", stable=2)
    wait_until(lambda: served("/labels/stable") == "2")


def test_readiness_is_honest_where_the_status_is_not(pod: Pod) -> None:
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
