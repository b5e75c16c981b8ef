"""The image of the steps, without an engine: what its Dockerfile says, and what runs of what it copies."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.execution.image import PACKAGES
from pipeline.stages.code_hash import code_hash
from tests.deploy.docker.dockerfile import Instruction, Stage, instructions, read

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy/docker/pipeline"
FILE = read(FOLDER / "Dockerfile")
SERVING = read(ROOT / "deploy/docker/server/Dockerfile")
BUILD = FOLDER / "build.sh"
RUNTIME = FILE.stages[-1]
HOME = "/opt/tagline/"


def local_copies(stage: Stage) -> list[Instruction]:
    return [one for one in stage.of("COPY") if "from" not in one.flags]


def environment(stage: Stage) -> dict[str, str]:
    return dict(word.split("=", 1) for one in stage.of("ENV") for word in one.text.split())


# Rules that hold for a good Dockerfile, whatever is in it.


@pytest.mark.parametrize("file", [FILE, SERVING], ids=["steps", "server"])
def test_what_it_begins_with_is_pinned(file: object) -> None:
    named = {stage.name for stage in file.stages}  # type: ignore[attr-defined]
    for stage in file.stages:  # type: ignore[attr-defined]
        for device in ("cpu", "gpu"):
            base = file.base(stage, DEVICE=device)  # type: ignore[attr-defined]
            if base in named:
                continue
            image, _, tag = base.partition(":")
            assert image
            assert re.fullmatch(r"\d+\.\d+(\.\d+)?[a-z0-9.-]*", tag), base


@pytest.mark.parametrize("file", [FILE, SERVING], ids=["steps", "server"])
def test_it_runs_as_nobody_in_particular(file: object) -> None:
    last = file.stages[-1].of("USER")[-1]  # type: ignore[attr-defined]
    assert last.text == "65532:65532"
    assert last is max(file.stages[-1].instructions[-8:], key=lambda one: one.word == "USER")  # type: ignore[attr-defined]


def test_packages_of_the_system_are_few_and_leave_no_lists() -> None:
    runs = [one for stage in FILE.stages for one in stage.of("RUN") if "apt-get" in one.text]
    assert runs
    for one in runs:
        commands = [part.strip() for part in re.split(r"&&|;", one.text)]
        assert commands[0] == "apt-get update"
        assert commands[-1] == "rm -rf /var/lib/apt/lists/*"
        for command in commands:
            if "apt-get install" in command:
                assert "--yes" in command
                assert "--no-install-recommends" in command
        assert "upgrade" not in one.text
        assert "sudo" not in one.text


def test_python_packages_are_held_to_hashes() -> None:
    installs = [one.text for stage in FILE.stages for one in stage.of("RUN") if "pip install" in one.text]
    assert len(installs) == 2
    for text in installs:
        assert {"--require-hashes", "--no-deps", "--requirement"} <= set(text.split())
    # What comes as source is built with what the lock has, not with what a registry has today.
    assert "--no-build-isolation" in installs[1]
    assert environment(FILE.stage("builder"))["PIP_NO_CACHE_DIR"] == "1"


def test_nothing_is_added_and_no_secret_is_an_argument() -> None:
    for stage in FILE.stages:
        assert not stage.of("ADD")
        for one in [*stage.of("ARG"), *stage.of("ENV")]:
            assert not re.search(r"(?i)token|password|secret|credential", one.text)
    assert FILE.arguments.keys() == {"DEVICE", "CPU_BASE", "GPU_BASE"}


def test_compilers_and_code_that_changes_come_where_they_cost_least() -> None:
    builder = FILE.stage("builder")
    # Dependencies are installed before any code is there: a changed file makes no new layer of them.
    before = [one for one in builder.instructions if one.line < builder.of("RUN")[-2].line]
    copied = [source for one in before if one.word == "COPY" for source in one.arguments[:-1]]
    assert copied == ["deploy/docker/pipeline/build.lock", "deploy/docker/pipeline/requirements.lock"]
    assert "g++" not in " ".join(one.text for one in RUNTIME.of("RUN"))
    taken = [one for one in RUNTIME.of("COPY") if "from" in one.flags]
    assert {one.flags["from"] for one in taken} == {"builder"}
    assert max(one.line for one in taken) < min(one.line for one in local_copies(RUNTIME))
    # The environment knows the place of its Python: both stages have the same base.
    assert builder.base == RUNTIME.base == "base"


def test_every_source_exists_and_is_let_in_and_nothing_else() -> None:
    sources = {
        source for stage in FILE.stages for one in local_copies(stage) for source in one.arguments[:-1]
    }
    lines = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {line.removeprefix("!") for line in rules if line.startswith("!")} == sources
    assert rules[-2:] == ["**/__pycache__", "**/*.pyc"]
    for source in sources:
        assert (ROOT / source).exists(), source


def test_a_read_only_root_does() -> None:
    given = environment(RUNTIME)
    assert given["HOME"] == "/tmp"
    assert given["MPLCONFIGDIR"].startswith("/tmp/")
    assert given["PYTHONDONTWRITEBYTECODE"] == "1"
    # Kubeflow's launcher makes folders there as the step's user.
    made = " ".join(one.text for one in RUNTIME.of("RUN"))
    from pipeline.runners.v2_step import _DISK

    for place in _DISK.values():
        assert re.search(rf"mkdir -m 0777 [/a-z0-9 ]*{place}\b", made)


def test_its_user_can_read_what_it_runs(tmp_path: Path) -> None:
    """Files keep the rights that they had in the checkout, where another user than the image's owns them."""
    (run,) = [one for one in RUNTIME.of("RUN") if "compileall" in one.text]
    assert run.line > max(one.line for one in RUNTIME.of("COPY"))
    opening, compiling = [part.strip() for part in run.text.split("&&")]
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir(mode=0o700)
    module.write_text("X = 1\n")
    module.chmod(0o600)
    for command in (opening, compiling.replace("python ", f"{sys.executable} ", 1)):
        subprocess.run(command.replace(HOME.rstrip("/"), str(tmp_path)).split(), check=True, umask=0o022)
    (compiled,) = module.parent.rglob("*.pyc")
    for path in (module.parent, compiled.parent):
        assert path.stat().st_mode & 0o055 == 0o055
    for path in (module, compiled):
        assert path.stat().st_mode & 0o044 == 0o044


def test_a_user_without_a_name_has_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import getpass; print(getpass.getuser())"],
        env={"USER": environment(RUNTIME)["USER"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "tagline\n"
    assert RUNTIME.of("USER")[-1].text == "65532:65532"


def test_what_runs_without_a_cluster_has_what_the_image_has() -> None:
    assert {one.arguments[-1].removeprefix(HOME) for one in local_copies(RUNTIME)} == set(PACKAGES)


def test_python_is_the_one_with_the_packages() -> None:
    assert environment(RUNTIME)["PATH"].startswith("/opt/venv/bin:")
    assert environment(RUNTIME)["PYTHONPATH"] == HOME.rstrip("/")
    assert not RUNTIME.of("ENTRYPOINT")  # each target gives its own command


def test_a_reader_that_reads() -> None:
    assert instructions("FROM a:1 \\\n# comment\n  AS b\n") == [Instruction(1, "FROM", "a:1 AS b")]
    with pytest.raises(ValueError, match="line 1: found 'FORM'"):
        instructions("FORM a\n")
    with pytest.raises(ValueError, match="line 2: goes on"):
        instructions("FROM a\nRUN b \\\n")


# The script that builds it.


def test_without_an_engine_it_says_so(tmp_path: Path) -> None:
    # Clients whose daemon does not answer.
    for name in ("docker", "podman"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [str(BUILD)], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs a container engine" in done.stderr
    assert "docker podman did not answer" in done.stderr
    done = subprocess.run([str(BUILD), "--nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_what_it_asks_an_engine_for(engine: str, tmp_path: Path) -> None:
    # It writes down what it is called with: no engine is here to build.
    (tmp_path / engine).write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@" > "$(dirname "$0")/called"\n')
    (tmp_path / engine).chmod(0o755)
    subprocess.run(
        [str(BUILD), "--gpu", "registry.example.org/tagline:1-gpu"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CONTAINER_ENGINE": engine},
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    folder, *called = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
    assert Path(folder) == ROOT
    options = dict(zip(called[1:-1:2], called[2:-1:2], strict=True))
    assert (called[0], called[-1]) == ("build", ".")
    assert options["--file"] == "deploy/docker/pipeline/Dockerfile"
    assert options["--build-arg"] == "DEVICE=gpu"
    assert options["--tag"] == "registry.example.org/tagline:1-gpu"
    assert ("--ignorefile" in options) == (engine == "podman")


def test_the_script_is_one() -> None:
    assert BUILD.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", str(BUILD)], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", str(BUILD)], check=True)


# What is in it runs.


def copied(target: Path) -> None:
    for one in local_copies(RUNTIME):
        *sources, place = one.arguments
        assert place.startswith(HOME)
        for source in sources:
            shutil.copytree(
                ROOT / source,
                target / place.removeprefix(HOME),
                ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
            )


def test_the_code_is_the_one_that_the_cache_knows(tmp_path: Path) -> None:
    copied(tmp_path)
    for package in ("tagging", "corpus", "trainer", "components", "serving", "pipeline"):
        assert sorted(path.relative_to(tmp_path) for path in (tmp_path / package).rglob("*.py")) == sorted(
            path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")
        )
    assert code_hash("trainer")


@pytest.mark.slow
def test_every_entry_point_is_found_in_what_is_copied(tmp_path: Path) -> None:
    code, elsewhere = tmp_path / "code", tmp_path / "elsewhere"
    code.mkdir()
    elsewhere.mkdir()
    copied(code)
    golden = ROOT / "tests/pipeline/runners/golden"
    argo = yaml.safe_load((golden / "kubeflow.yaml").read_text(encoding="utf-8"))
    spec = yaml.safe_load((golden / "kubeflow_v2.yaml").read_text(encoding="utf-8"))["pipelineSpec"]
    steps = [one["container"] for one in argo["spec"]["templates"] if "container" in one]
    executors = [one["container"] for one in spec["deploymentSpec"]["executors"].values()]
    modules = {
        "trainer.distributed.worker",
        "trainer.distributed.job",
        "trainer.features.preprocessing",
        "components.tuner.tune",
    }
    for container in [*steps, *executors]:
        assert container["command"][:2] == ["python", "-m"]
        modules.add(container["command"][2])
    for container in executors:
        modules.add(container["args"][1].rpartition(".")[0])
    assert {"pipeline.runners.v2_step", "tfx.orchestration.kubeflow.container_entrypoint"} <= modules
    program = f"""
import importlib, json, sys
for name in {sorted(modules)!r}:
    importlib.import_module(name)
from pipeline.settings import load
load()
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps([file for file in files if file]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=elsewhere,
        env={"PYTHONPATH": str(code), "HOME": str(elsewhere), "PATH": os.environ["PATH"], **{
            name: value for name, value in environment(RUNTIME).items() if name in ("LANG", "PYTHONDONTWRITEBYTECODE")
        }},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    files = [Path(file) for file in json.loads(done.stdout.splitlines()[-1])]
    # The checkout is installed here too, and would stand in for what the image lacks.
    own = [file for file in files if file.is_relative_to(ROOT) and ".venv" not in file.parts]
    assert own == []
    assert any(file.is_relative_to(code) for file in files)
