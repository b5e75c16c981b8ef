"""The environment: the scripts that find Python and install the packages, and the locks that they install from."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
IMAGE = ROOT / "deploy/docker/pipeline"
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What each lock is for.
LOCKS = {
    LOCK: [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]],
    IMAGE / "requirements.lock": PROJECT["dependencies"],
    IMAGE / "build.lock": ["setuptools", "wheel"],
    IMAGE / "sbom.lock": ["cyclonedx-bom"],
}
# Of the image of the steps; tests/deploy/docker/test_pipeline_image.py imports every step without them.
LEFT_OUT = re.findall(
    r'^(\S+) ; sys_platform == "never"$', (IMAGE / "left_out.txt").read_text(encoding="utf-8"), re.MULTILINE
)
SCRIPTS = [*ROOT.glob("setup/*.sh"), *ROOT.glob("deploy/docker/*/*.sh"), ROOT / ".ci/run"]


def relative(path: Path) -> str:
    """A path as the tests' ids have it."""
    return str(path.relative_to(ROOT))


every_lock = pytest.mark.parametrize("lock", LOCKS, ids=relative)


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_shellcheck_has_no_complaint_about_a_script(script: Path) -> None:
    assert os.access(script, os.X_OK)
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# setup/find_python.sh


def find_python(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", ROOT / "setup/find_python.sh"], env=environment, capture_output=True, text=True
    )


def write_program(path: Path, commands: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{commands}\n")
    path.chmod(0o755)
    return path


def test_a_shim_that_fails_is_passed_over_for_a_python_that_runs(tmp_path: Path) -> None:
    write_program(tmp_path / "bin/python3.10", "exit 127")
    write_program(tmp_path / "bin/python3", "echo 3.11")
    python = write_program(tmp_path / ".pyenv/versions/3.10.9/bin/python", "echo 3.10")
    done = find_python({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert done.stdout.strip() == str(python)


def test_the_python_of_the_environment_variable_comes_first(tmp_path: Path) -> None:
    write_program(tmp_path / "bin/python3.10", "echo 3.10")
    python = write_program(tmp_path / "mine", "echo 3.10")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "TAGLINE_PYTHON": str(python)}
    assert find_python(environment).stdout.strip() == str(python)


def test_without_any_python_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = find_python({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert done.returncode == 1
    assert re.fullmatch(r"Tagline needs Python 3\.10 .*install it .*\n", done.stderr)


# setup/environment.sh


def test_only_a_changed_lock_installs_the_packages_again(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "setup", tmp_path / "setup")
    calls = tmp_path / "calls"
    # Stands for Python, its venv's included: the real packages are 3 GB.
    python = write_program(
        tmp_path / "python",
        f'[ "$1" = -c ] && echo 3.10 && exit; echo "$*" >> {calls}\n'
        '[ "$2" = venv ] && mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; exit 0',
    )
    write_program(tmp_path / "c++", "")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "TAGLINE_PYTHON": str(python)}

    def what_is_done() -> list[str]:
        calls.write_text("")
        subprocess.run([tmp_path / "setup/environment.sh", tmp_path / "venv"], env=environment, check=True)
        return re.findall(r"^-m (venv)|(--requirement|--editable)", calls.read_text(), flags=re.MULTILINE)

    packages, project = [("venv", ""), ("", "--requirement")], [("", "--editable")]
    (tmp_path / "requirements.lock").write_text("first")
    (tmp_path / "pyproject.toml").write_text("first")
    assert what_is_done() == packages + project
    assert what_is_done() == []
    (tmp_path / "pyproject.toml").write_text("second")
    assert what_is_done() == project
    (tmp_path / "requirements.lock").write_text("second")
    assert what_is_done() == packages + project


# The locks


def entries(lock: Path) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of every package of a lock, by its name.

    Raises:
        AssertionError: a line that pins no package.
    """
    text = re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    pattern = r"([a-z0-9-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
    assert re.fullmatch(f"(?:{pattern})+", text), lock
    return {name: (version, hashes.split()) for name, version, hashes in re.findall(pattern, text)}


def needed(requirements: Iterable[str], left_out: Collection[str] = ()) -> set[str]:
    """Names of all packages that requirements need, by the metadata of what is installed here."""
    pending = [Requirement(text) for text in requirements]
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name in left_out:
            continue
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                further = map(Requirement, importlib.metadata.requires(name) or [])
                pending += [one for one in further if not one.marker or one.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


@every_lock
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    assert entries(lock)
    text = lock.read_text(encoding="utf-8")
    assert text.startswith("# This file was autogenerated by uv via the following command:\n#    make lock\n")
    assert "://" not in text


@every_lock
def test_a_lock_has_what_is_needed_and_nothing_else(lock: Path) -> None:
    left_out = LEFT_OUT if lock == IMAGE / "requirements.lock" else ()
    assert entries(lock).keys() == needed(LOCKS[lock], left_out)
    for requirement in map(Requirement, LOCKS[lock]):
        version, _ = entries(lock)[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version)


@every_lock
def test_the_image_has_the_versions_and_hashes_of_the_environment(lock: Path) -> None:
    assert entries(lock).items() <= entries(LOCK).items()


def test_what_the_image_leaves_out_would_be_needed() -> None:
    assert LEFT_OUT
    assert set(LEFT_OUT) <= needed(PROJECT["dependencies"])
