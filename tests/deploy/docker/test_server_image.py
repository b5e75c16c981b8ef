"""The image and the compose file, as far as they can be held to what they say without a container engine; and the
health check itself, which is run here."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from deploy.k8s.server.overlay import MANIFESTS, models_config
from serving.registry import model_config
from serving.server import flags as command_line
from tests.deploy.docker import instructions as dockerfile
from tests.deploy.docker.instructions import Instruction
from tests.deploy.k8s.kustomize import render
from tests.serving.running import Running
from tests.serving.server.tensorflow_serving_flags import FLAGS, flag_name

CONTEXT = MANIFESTS.parents[1]
DOCKER = CONTEXT / "docker" / "server"
ROOT = CONTEXT.parent
READY = DOCKER / "ready.sh"
CONFIG = "/etc/tagline"


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    return dockerfile.read(DOCKER / "Dockerfile")


@pytest.fixture(scope="module")
def service() -> dict:
    (only,) = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    return only


def every(instructions: list[Instruction], name: str) -> list[Instruction]:
    return [instruction for instruction in instructions if instruction.name == name]


def last(instructions: list[Instruction], name: str) -> Instruction:
    return every(instructions, name)[-1]


def test_it_is_based_on_the_version_whose_stubs_are_locked(instructions: list[Instruction]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^tensorflow-serving-api==(\S+)", lock, flags=re.MULTILINE)
    assert version
    assert instructions[0].name == "FROM"
    assert [base.text for base in every(instructions, "FROM")] == [f"tensorflow/serving:{version[1]}"]


def test_it_runs_as_a_user_by_number_who_is_not_root(instructions: list[Instruction], service: dict) -> None:
    user = last(instructions, "USER").text
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert service["user"] == user
    (deployment,) = [item for item in render(MANIFESTS / "base") if item["kind"] == "Deployment"]
    security = deployment["spec"]["template"]["spec"]["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user


def test_nothing_is_fetched_and_nothing_is_left_behind(instructions: list[Instruction]) -> None:
    assert not every(instructions, "ADD")
    for run in every(instructions, "RUN"):
        assert not re.search(r"curl|wget|apt-get upgrade|sudo", run.text)
        if "apt-get install" in run.text:
            assert "--no-install-recommends" in run.text
            assert "rm -rf /var/lib/apt/lists/*" in run.text


def test_what_is_copied_is_there_and_everyone_may_read_it(instructions: list[Instruction]) -> None:
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [pattern[1:] for pattern in ignore if pattern.startswith("!")]
    for copy in every(instructions, "COPY"):
        *sources, target = copy.words
        assert target.startswith("/")
        assert "--chmod=0555" in copy.options
        for source in sources:
            assert (CONTEXT / source).is_file()
            assert any(Path(source).match(pattern) for pattern in let_in)


def test_no_shell_comes_between(instructions: list[Instruction]) -> None:
    for name in ("ENTRYPOINT", "CMD"):
        (only,) = every(instructions, name)
        assert only.is_exec
        assert only.words
    assert last(instructions, "ENTRYPOINT").words == ["/usr/bin/tensorflow_model_server"]
    assert every(instructions, "STOPSIGNAL")[0].text == "SIGKILL"


def test_every_flag_is_known_to_both_servers(instructions: list[Instruction]) -> None:
    arguments = last(instructions, "CMD").words
    assert {flag_name(argument) for argument in arguments} <= FLAGS
    command_line.parse(arguments)


def test_the_flags_are_those_of_the_cluster_but_for_the_pauses(instructions: list[Instruction]) -> None:
    (deployment,) = [item for item in render(MANIFESTS / "base") if item["kind"] == "Deployment"]
    in_cluster = set(deployment["spec"]["template"]["spec"]["containers"][0]["args"])
    only_here = {flag_name(argument) for argument in set(last(instructions, "CMD").words) - in_cluster}
    only_there = {flag_name(argument) for argument in in_cluster - set(last(instructions, "CMD").words)}
    pauses = {"model_config_file_poll_wait_seconds", "file_system_poll_wait_seconds"}
    assert (only_here, only_there) == (pauses, {*pauses, "grpc_channel_arguments"})


def test_the_files_that_flags_name_are_copied_or_mounted(
    instructions: list[Instruction], service: dict
) -> None:
    files = set()
    for copy in every(instructions, "COPY"):
        *sources, target = copy.words
        files |= {target + Path(source).name for source in sources} if target.endswith("/") else {target}
    default = re.compile(r"\$\{\w+:-(.+)\}")
    for volume in service["volumes"]:
        found = default.fullmatch(volume["source"])
        assert found
        folder = (DOCKER / found[1]).resolve()
        assert volume["read_only"] is True
        assert volume["bind"] == {"create_host_path": False}
        if folder.is_dir():
            files |= {f"{volume['target']}/{path.name}" for path in folder.iterdir()}
        else:  # what a run pushes
            assert folder == ROOT / "serving_models"
    named = {
        argument.partition("=")[2] for argument in last(instructions, "CMD").words if "_file=" in argument
    }
    assert named <= files
    (check,) = every(instructions, "HEALTHCHECK")
    assert '["/usr/local/bin/tagline-ready"]' in check.text
    assert "/usr/local/bin/tagline-ready" in files


def test_ports_are_those_of_the_flags_and_open_on_this_machine_alone(
    instructions: list[Instruction], service: dict
) -> None:
    flags = dict(argument[2:].split("=", 1) for argument in last(instructions, "CMD").words)
    ports = [flags["port"], flags["rest_api_port"]]
    assert last(instructions, "EXPOSE").words == ports
    assert service["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]


def test_the_compose_file_is_one() -> None:
    schema = json.loads(Path(__file__).with_name("compose_schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8")), schema)


def test_compose_takes_away_what_a_server_needs_not(service: dict) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # Without an init the server is process 1 and hears no SIGTERM.
    assert service["init"] is True
    assert service["stop_signal"] == "SIGTERM"
    assert (DOCKER / service["build"]["context"]).resolve() == CONTEXT
    assert (CONTEXT / service["build"]["dockerfile"]).is_file()


def test_hadolint_has_nothing_to_say() -> None:
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("not run: no hadolint")
    subprocess.run([program, str(DOCKER / "Dockerfile")], check=True)


def test_the_image_is_built_and_checks_itself() -> None:
    engine = next((name for name in ("docker", "podman") if _answers(name)), None)
    if engine is None:
        pytest.skip("not run: no container engine")
    tag = "tagline-serving:test"
    build = [engine, "build", "--file", str(DOCKER / "Dockerfile"), "--tag", tag, str(CONTEXT)]
    subprocess.run(build, check=True)
    run = [engine, "run", "--rm", "--read-only", "--tmpfs=/tmp", tag, "--version"]
    assert (
        "TensorFlow ModelServer: 2.15.1"
        in subprocess.run(run, check=True, capture_output=True, text=True).stdout
    )


def _answers(engine: str) -> bool:
    if shutil.which(engine) is None:
        return False
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run([engine, "info"], capture_output=True, timeout=30, check=False).returncode == 0
    return False


def ready(config: Path, port: int) -> subprocess.CompletedProcess[str]:
    """The health check as the container runs it, but for file and port."""
    return subprocess.run(
        [str(READY), str(config), str(port)], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "models.config"


def test_the_check_can_be_run_and_is_a_script_of_the_images_shell() -> None:
    assert READY.stat().st_mode & stat.S_IXUSR
    assert READY.read_text(encoding="utf-8").startswith("#!/bin/bash\n")


def test_ready_is_a_model_that_can_answer(server: Running, config: Path) -> None:
    assert server.rest_port
    config.write_text("# name: 'none'\n" + models_config("tagger"), encoding="utf-8")
    done = ready(config, server.rest_port)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ready_reads_the_config_that_tagline_models_writes(server: Running, config: Path) -> None:
    assert server.rest_port
    labelled = model_config.new(config.parent, "tagger").serving(model_config.Served.just([7], {"stable": 7}))
    config.write_text(labelled.text(), encoding="utf-8")
    assert ready(config, server.rest_port).returncode == 0


def test_one_model_that_is_not_there_is_enough(server: Running, config: Path) -> None:
    assert server.rest_port
    config.write_text(models_config("tagger") + models_config("other"), encoding="utf-8")
    done = ready(config, server.rest_port)
    assert done.returncode == 1
    assert re.fullmatch(r"model other is not ready: HTTP/1\.\d 404 .*\n", done.stdout)


def test_nobody_there_is_not_ready(config: Path) -> None:
    config.write_text(models_config("tagger"), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        done = ready(config, port)
    assert (done.returncode, done.stdout) == (1, f"nobody listens on port {port} yet\n")


def test_a_config_without_models_is_not_ready(config: Path) -> None:
    config.write_text("model_config_list { }\n", encoding="utf-8")
    done = ready(config, 1)
    assert done.returncode == 1
    assert "names no model" in done.stdout
    assert ready(config.with_name("none"), 1).returncode == 1
