"""The image of the pipeline's steps, without a container engine: its Dockerfile, its build script, its code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from packaging.utils import canonicalize_name

from pipeline.execution.image import PACKAGES
from pipeline.runners.v2_step import _DISK
from tests.deploy.docker.dockerfiles import DOCKER, ROOT, copied_from_context, of, stages

FOLDER = DOCKER / "pipeline"
BUILD = FOLDER / "build.sh"
*_, BUILDER, RUNTIME = stages("pipeline")
# Of the last stage.
ENVIRONMENT: dict[str, str] = DockerfileParser(str(FOLDER / "Dockerfile"), parent_env={"PATH": "/bin"}).envs
HOME = "/opt/tagline/"


# The Dockerfile.


def test_every_pip_install_is_held_to_hashes() -> None:
    commands = [part for run in of(BUILDER, "RUN") for part in run.text.split("&&")]
    installs = [command.split() for command in commands if "pip install" in command]
    assert [Path(words[-1]).name for words in installs] == ["build.lock", "requirements.lock", "sbom.lock"]
    for words in installs:
        assert {"--require-hashes", "--no-deps", "--requirement"} <= set(words)
        # A source package is built with what the lock has, not with what a registry has today.
        assert ("--only-binary" in words) != ("--no-build-isolation" in words)
    assert "--no-build-isolation" in installs[1]


def test_the_layer_of_the_dependencies_does_not_depend_on_the_code() -> None:
    for stage in (BUILDER, RUNTIME):
        assert stage[0].arguments[0] == "base"
    copied = [source for copy in of(BUILDER, "COPY") for source in copy.arguments[:-1]]
    assert {Path(source).name for source in copied} == {
        "build.lock", "requirements.lock", "sbom.lock", "pyproject.toml",
    }  # fmt: skip
    from_builder = [copy for copy in of(RUNTIME, "COPY") if copy.options == {"from": "builder"}]
    assert [*from_builder, *copied_from_context(RUNTIME)] == of(RUNTIME, "COPY")


def test_a_step_writes_only_to_tmp_and_to_the_folders_of_buckets() -> None:
    assert ENVIRONMENT["HOME"] == "/tmp"
    assert ENVIRONMENT["MPLCONFIGDIR"].startswith("/tmp/")
    assert ENVIRONMENT["PYTHONDONTWRITEBYTECODE"] == "1"
    made = " ".join(run.text for run in of(RUNTIME, "RUN"))
    for folder in _DISK.values():
        assert re.search(rf"mkdir -m 0777 [/a-z0-9 ]*{folder}\b", made)


def test_the_user_can_read_code_that_was_private_in_the_checkout(tmp_path: Path) -> None:
    (run,) = [run for run in of(RUNTIME, "RUN") if "compileall" in run.text]
    assert RUNTIME.index(run) > max(RUNTIME.index(copy) for copy in of(RUNTIME, "COPY"))
    chmod, compileall = [part.strip() for part in run.text.split("&&")]
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir(mode=0o700)
    module.write_text("X = 1\n")
    module.chmod(0o600)
    for command in (chmod, compileall.replace("python ", f"{sys.executable} ", 1)):
        subprocess.run(command.replace(HOME.rstrip("/"), str(tmp_path)).split(), check=True, umask=0o022)
    (compiled,) = module.parent.rglob("*.pyc")
    for path in (module.parent, compiled.parent):
        assert path.stat().st_mode & 0o055 == 0o055
    for path in (module, compiled):
        assert path.stat().st_mode & 0o044 == 0o044


def test_the_user_without_an_account_has_a_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import getpass; print(getpass.getuser())"],
        env={"USER": ENVIRONMENT["USER"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "tagline\n"


def test_tagline_execute_runs_steps_on_the_packages_of_the_image() -> None:
    assert {copy.arguments[-1].removeprefix(HOME) for copy in copied_from_context(RUNTIME)} == set(PACKAGES)


def test_python_is_the_one_with_the_packages() -> None:
    assert ENVIRONMENT["PATH"].startswith("/opt/venv/bin:")
    assert not of(RUNTIME, "ENTRYPOINT")  # each target gives its own command


@pytest.mark.slow
def test_the_bill_of_materials_lists_what_is_installed(tmp_path: Path) -> None:
    """The Dockerfile's own command, on the environment of these tests, which has more than the image."""
    (run,) = [run for run in of(BUILDER, "RUN") if "cyclonedx-py" in run.text]
    here = {
        "/opt/sbom/bin/cyclonedx-py": str(Path(sys.executable).with_name("cyclonedx-py")),
        "/build/pyproject.toml": str(ROOT / "pyproject.toml"),
        "/build/sbom.cdx.json": str(tmp_path / "sbom.cdx.json"),
        "/opt/venv": sys.executable,
    }
    words = run.text.split("&&")[-1].split()
    subprocess.run([here.get(word, word) for word in words], check=True)
    bom = json.loads((tmp_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (bom["bomFormat"], bom["metadata"]["component"]["name"]) == ("CycloneDX", "tagline")
    lock = (FOLDER / "requirements.lock").read_text(encoding="utf-8")
    pinned = {
        f"pkg:pypi/{name}@{version}" for name, version in re.findall(r"^(\S+)==(\S+)", lock, re.MULTILINE)
    }
    assert pinned <= {
        f"pkg:pypi/{canonicalize_name(part['name'])}@{part['version']}" for part in bom["components"]
    }


# The script that builds it.


def test_an_engine_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    for name in ("docker", "podman"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [str(BUILD)], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs a container engine" in done.stderr
    assert "docker podman did not answer" in done.stderr


@pytest.mark.parametrize(
    "wrong", [["--nonsense"], ["--base"], ["--gpu", "--base", ""], ["a:1", "b:1"], ["a:1", "--gpu"]]
)
def test_a_wrong_command_line_is_answered_by_the_usage(wrong: list[str]) -> None:
    done = subprocess.run([str(BUILD), *wrong], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("engine", ["docker", "podman"])
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_the_engine_gets_the_dockerfile_the_device_the_base_and_the_name(
    engine: str, device: str, tmp_path: Path
) -> None:
    # It writes down how it is called: there may be no engine here to build with.
    (tmp_path / engine).write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@" > "$(dirname "$0")/called"\n')
    (tmp_path / engine).chmod(0o755)
    options = [*(["--gpu"] if device == "gpu" else []), "--base", "mirror.example.org/base:1"]
    subprocess.run(
        [str(BUILD), *options, "registry.example.org/tagline:1"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CONTAINER_ENGINE": engine},
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    folder, *called = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
    assert Path(folder) == ROOT
    assert (called[0], called[-1]) == ("build", ".")
    given = list(zip(called[1:-1:2], called[2:-1:2], strict=True))
    assert ("--file", "deploy/docker/pipeline/Dockerfile") in given
    assert ("--build-arg", f"DEVICE={device}") in given
    assert ("--build-arg", f"{device.upper()}_BASE=mirror.example.org/base:1") in given
    assert ("--tag", "registry.example.org/tagline:1") in given
    assert ("--ignorefile" in called) == (engine == "podman")


# Its code and its packages.

# To be found, a module must belong to no distribution that the image lacks.
ONLY_THE_LOCK = f"""
import re, sys
from importlib.machinery import PathFinder
from importlib.metadata import distributions
locked = set(re.findall(r"^([a-z0-9-]+)==", open({str(FOLDER / "requirements.lock")!r}).read(), re.MULTILINE))
foreign = {{
    str(file.locate())
    for one in distributions()
    if re.sub("[-_.]+", "-", one.name).lower() not in locked
    for file in one.files or ()
}}
class OnlyTheLock(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        if spec is not None and spec.origin in foreign:
            raise ModuleNotFoundError(f"the image has no {{name}}", name=name)
        return None
sys.meta_path.insert(0, OnlyTheLock)
"""


def test_a_package_that_is_left_out_cannot_be_imported() -> None:
    for module, expected in (("notebook", 1), ("google.cloud.aiplatform", 1), ("google.cloud.storage", 0)):
        program = f"{ONLY_THE_LOCK}\nimport {module}"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, "the image has no" in done.stderr) == (expected, bool(expected)), done.stderr


def copy_code(target: Path) -> None:
    """Copy to `target` what the image has in its own folder."""
    for copy in copied_from_context(RUNTIME):
        source, place = copy.arguments
        shutil.copytree(
            ROOT / source,
            target / place.removeprefix(HOME),
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
        )


@pytest.mark.slow
def test_every_entry_point_can_be_imported_from_the_images_code(tmp_path: Path) -> None:
    code, elsewhere = tmp_path / "code", tmp_path / "elsewhere"
    code.mkdir()
    elsewhere.mkdir()
    copy_code(code)
    golden = ROOT / "tests/pipeline/runners/golden"
    argo = yaml.safe_load((golden / "kubeflow.yaml").read_text(encoding="utf-8"))
    spec = yaml.safe_load((golden / "kubeflow_v2.yaml").read_text(encoding="utf-8"))
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
    assert {"pipeline.runners.v2_step", "pipeline.runners.v1_step"} <= modules
    program = f"""
import importlib, json, sys
{ONLY_THE_LOCK}
for name in {sorted(modules)!r}:
    importlib.import_module(name)
from pipeline.settings import load
load()
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps([file for file in files if file]))
"""
    variables = {name: ENVIRONMENT[name] for name in ("LANG", "PYTHONDONTWRITEBYTECODE")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=elsewhere,
        env={"PYTHONPATH": str(code), "HOME": str(elsewhere), "PATH": os.environ["PATH"], **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    files = [Path(file) for file in json.loads(done.stdout.splitlines()[-1])]
    # The checkout can be imported here too, and would stand in for what the image lacks.
    assert not [file for file in files if file.is_relative_to(ROOT) and ".venv" not in file.parts]
    assert any(file.is_relative_to(code) for file in files)
