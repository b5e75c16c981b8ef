"""The images themselves, built by docker or podman, and the pipeline's steps run in them: `make test-image`.

A base image that is neither here nor to be pulled skips its tests. Each variable below names another one, such as a
mirror's copy: TAGLINE_PIPELINE_BASE, TAGLINE_BEAM_BASE, TAGLINE_SERVER_BASE.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from serving.container_engine import NoEngine, answering
from tests.deploy.docker.dockerfiles import DOCKER, ROOT, parent_images
from tests.pipeline.execution.shell_specs import spec, task

pytestmark = [pytest.mark.images, pytest.mark.timeout(5400)]

PROGRAM = str(Path(sys.executable).with_name("tagline"))
STEPS, BEAM, SERVER = (
    "localhost/tagline:test",
    "localhost/tagline-beam:test",
    "localhost/tagline-serving:test",
)
LARGEST = 2.5e9


@pytest.fixture(scope="module")
def engine() -> str:
    try:
        return answering()
    except NoEngine as problem:
        pytest.fail(f"no container engine: {problem}; install podman, or start docker's daemon")


def base(engine: str, image: str, named: str) -> str:
    """The base of an image: the one that the variable names, or the Dockerfile's."""
    variable = f"TAGLINE_{image.upper()}_BASE"
    name = os.environ.get(variable, named)
    if subprocess.run([engine, "image", "inspect", name], capture_output=True, check=False).returncode:
        pulled = subprocess.run([engine, "pull", name], capture_output=True, text=True, check=False)
        if pulled.returncode:
            (*_, reason) = pulled.stderr.strip().splitlines()
            pytest.skip(f"not run: no {name} ({reason}); name another base by {variable}")
    return name


def run(engine: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([engine, "run", "--rm", *options], capture_output=True, text=True, check=False)


def config(engine: str, image: str) -> dict[str, Any]:
    done = subprocess.run([engine, "image", "inspect", image], capture_output=True, check=True)
    (inspected,) = json.loads(done.stdout)
    return {**inspected, **inspected["Config"]}


@pytest.fixture(scope="module")
def steps(engine: str) -> str:
    """The image of the steps, built as docs/deploy.md says."""
    on = base(engine, "pipeline", parent_images("pipeline", DEVICE="cpu")[0])
    subprocess.run(
        [DOCKER / "pipeline/build.sh", "--base", on, STEPS],
        env={**os.environ, "CONTAINER_ENGINE": engine}, check=True,
    )  # fmt: skip
    return STEPS


def execute(image: str, folder: Path, *options: str | Path) -> subprocess.Popen[str]:
    command = [PROGRAM, "execute", "--image", image, *map(str, options)]
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.Popen(
        command, cwd=folder, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


# The image of the steps.


def test_the_size_and_the_user(engine: str, steps: str) -> None:
    inspected = config(engine, steps)
    assert inspected["User"] == "65532:65532"
    print(f"{steps}: {inspected['Size'] / 1e9:.2f} GB")
    assert inspected["Size"] < LARGEST


def test_the_bill_of_materials_is_of_the_locked_packages(engine: str, steps: str) -> None:
    done = run(engine, steps, "cat", "/opt/tagline/sbom.cdx.json")
    parts = {
        canonicalize_name(part["name"]): part["version"] for part in json.loads(done.stdout)["components"]
    }
    lock = (DOCKER / "pipeline/requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, flags=re.MULTILINE))
    # What the environment is made with.
    assert {
        name: version for name, version in parts.items() if name not in {"pip", "setuptools", "wheel"}
    } == {name: version for name, version in locked.items() if name not in {"setuptools", "wheel"}}


# Its outputs are what it may do.
MAY = """
import json, os, sys
def allowed(path):
    try:
        with open(path, "w") as file:
            file.write("x")
    except OSError as error:
        return type(error).__name__
    return "written"
json.dump({
    "user": [os.getuid(), os.getgid()],
    "interfaces": os.listdir("/sys/class/net"),
    "writable": {folder: allowed(folder + "/probe") for folder in ("/opt/tagline", "/", "/var/tmp", "/run", "/tmp")},
    "capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")],
    "given": os.environ.get("GIVEN"),
    "python": sys.executable,
}, open(sys.argv[1], "w"))
"""


def test_a_step_has_what_a_pod_of_the_cluster_has(steps: str, tmp_path: Path) -> None:
    job = spec(
        root="/tagline/runs",
        env={"GIVEN": "a b"},
        a=task('exec python -c "$0" "$1"', MAY, "{{$.outputs.artifacts['seen'].path}}", makes=("seen",)),
    )
    (tmp_path / "job.json").write_text(json.dumps(job))
    done = execute(steps, tmp_path, "--spec", "job.json", "--mount", "/tagline=volume", "--work", "w")
    _, errors = done.communicate()
    assert done.returncode == 0, errors
    (seen,) = (tmp_path / "volume" / "runs").rglob("seen")
    found = json.loads(seen.read_text())
    # As root's, a step is the image's user; as anyone else's, that one.
    assert found["user"] == ([65532, 65532] if os.getuid() == 0 else [os.getuid(), os.getgid()])
    assert found["interfaces"] == ["lo"]
    assert found["writable"].pop("/tmp") == "written"
    assert set(found["writable"].values()) <= {"OSError", "PermissionError"}
    assert found["capabilities"] == ["0000000000000000"]
    assert (found["given"], found["python"]) == ("a b", "/opt/venv/bin/python")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_no_container_outlives_the_command(
    engine: str, steps: str, sent: signal.Signals, tmp_path: Path
) -> None:
    # One that ends by an interrupt, and one that nothing but a kill ends.
    job = spec(
        gentle=task("exec sleep 600"),
        deaf=task('trap "" INT TERM; while :; do sleep 0.2; done'),
    )
    (tmp_path / "job.json").write_text(json.dumps(job))
    names = [engine, "ps", "--all", "--format", "{{.Names}}"]

    def running() -> list[str]:
        listed = subprocess.run(names, capture_output=True, text=True, check=True).stdout.split()
        return [name for name in listed if re.match("tagline-(gentle|deaf)-", name)]

    assert not running()
    process = execute(steps, tmp_path, "--spec", "job.json", "--work", "w")
    while process.poll() is None and len(running()) < 2:
        time.sleep(0.2)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, "the same command resumes" in errors) == (130, True), errors
    assert not running()


def test_every_step_of_the_compiled_pipeline_runs_and_its_model_answers(steps: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample" / "corpus", tmp_path / "sample" / "corpus")
    compiled = [
        PROGRAM, "compile", "--config", ROOT / "configs" / "sample.yaml", "--target", "kubeflow-v2",
        "--output", "sample.json",
        # However busy the machine is.
        "--set", "serving.check_start_seconds=1800",
    ]  # fmt: skip
    subprocess.run(compiled, cwd=tmp_path, check=True)
    mounts = ("--mount", "/tagline=cluster", "--mount", "/tagline/sample=sample")
    process = execute(steps, tmp_path, "--spec", "sample.json", *mounts, "--work", "work")
    output, errors = process.communicate()
    print(output)
    assert process.returncode == 0, errors
    tasks = json.loads((tmp_path / "sample.json").read_text())["root"]["dag"]["tasks"]
    finished = [line.split()[1] for line in output.splitlines() if line.split()[2:3] == ["finished"]]
    assert sorted(finished) == sorted(tasks)
    decoded = subprocess.run(
        [
            PROGRAM, "decode", "--set", "name=sample", "--set", "serving.models=cluster/serving_models",
            "--format", "jsonl", "Anna Keller flew to Oslo.",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    tokens = json.loads(decoded.stdout)["tokens"]
    assert [token["tag"] for token in tokens] == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


# The images of Beam's workers and of the server.


def test_a_worker_has_the_packages_and_the_boot_program(engine: str, steps: str) -> None:
    on = base(engine, "beam", parent_images("beam")[0])
    build = [engine, "build", "--build-arg", f"STEPS={steps}", "--build-arg", f"BEAM={on}", "--tag", BEAM]
    subprocess.run([*build, DOCKER / "beam"], check=True)
    assert config(engine, BEAM)["User"] == "65532:65532"
    done = run(engine, "--network=none", "--read-only", "--tmpfs=/tmp", BEAM)
    assert done.returncode
    assert "No id provided" in done.stderr
    program = "import apache_beam, apache_beam.runners.worker.sdk_worker_main; print(apache_beam.__version__)"
    done = run(engine, "--entrypoint=python", BEAM, "-W", "ignore", "-c", program)
    # The boot program is of that version.
    assert done.stdout.strip() == parent_images("beam")[0].rpartition(":")[2], done.stderr


@pytest.fixture(scope="module")
def server(engine: str) -> str:
    on = base(engine, "server", parent_images("server")[0])
    build = [
        engine,
        "build",
        "--file",
        DOCKER / "server/Dockerfile",
        "--build-arg",
        f"BASE={on}",
        "--tag",
        SERVER,
    ]
    # What docker does not know, since it has no other format.
    form = ["--format", "docker"] if Path(engine).name == "podman" else []
    subprocess.run([*build, *form, ROOT / "deploy"], check=True)
    return SERVER


def test_the_server_keeps_its_health_check_and_its_user_can_run_it(engine: str, server: str) -> None:
    inspected = config(engine, server)
    check = inspected.get("Healthcheck") or inspected["HealthCheck"]
    (command,) = [word for word in check["Test"] if word != "CMD"]
    assert inspected["User"] == "65532:65532"
    done = run(engine, "--network=none", "--read-only", f"--entrypoint={command}", server)
    # There is no configuration to read.
    assert (done.returncode, "models.config" in done.stderr) == (1, True), done


def test_the_server_starts(engine: str, server: str) -> None:
    program = config(engine, server)["Entrypoint"][0]
    if run(engine, "--entrypoint=/bin/bash", server, "-c", f"test -x {program}").returncode:
        pytest.skip("not run: the base named by TAGLINE_SERVER_BASE has no TensorFlow Serving")
    done = run(engine, "--read-only", "--tmpfs=/tmp", server, "--version")
    assert "TensorFlow ModelServer: 2.15.1" in done.stdout
