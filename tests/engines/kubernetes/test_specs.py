"""Pipeline specs are read by the kfp packages of today, and by those of Kubeflow Pipelines 2.5."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.engines.parts import PARTS
from pipeline.runners import targets
from tests.engines.conftest import Met
from tests.pipeline.runners.compiled import BUCKETS, SECRET, settings

PACKAGES = {
    "2.5": ("kfp==2.12.1", "kfp-kubernetes==1.5.0", "kfp-pipeline-spec==0.6.0"),
    "2.17": ("kfp==2.17.3", "kfp-kubernetes==2.17.3", "kfp-pipeline-spec==2.17.3"),
}
READING = Path(__file__).with_name("kfp_reading.py")

pytestmark = pytest.mark.timeout(1200)  # the first test installs packages


@cache
def installed(version: str) -> Path:
    """The Python of an environment with the packages, which is made where it is not there.

    The test is skipped where the packages cannot be had.
    """
    folder = PARTS / f"kfp_{version}"
    complete = folder / "packages.txt"
    wanted = "\n".join(PACKAGES[version])
    if not complete.is_file() or complete.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", *PACKAGES[version]]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            pytest.skip(f"kfp's packages of {version}: cannot be had from PyPI: {last}")
        complete.write_text(wanted, encoding="utf-8")
    return folder / "bin/python"


@pytest.fixture(params=PACKAGES)
def python(request: pytest.FixtureRequest, met: Met) -> Path:
    """A Python that has kfp's packages of one time."""
    found = installed(request.param)
    for package in PACKAGES[request.param]:
        met(*package.split("=="))
    return found


def complaint(python: Path, kind: str, file: Path) -> str:
    """What kfp says against a file; empty if it reads it."""
    done = subprocess.run([python, READING, kind, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or done.stderr, done
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("name", ["pipeline.yaml", "pipeline.json"])
def test_kfp_reads_the_spec(python: Path, name: str, tmp_path: Path) -> None:
    targets.write(settings(SECRET, "data=corpus"), target="kubeflow-v2", output=tmp_path / name)
    assert complaint(python, "spec", tmp_path / name) == ""


def test_kfp_reads_vertexs_job(python: Path, tmp_path: Path) -> None:
    targets.write(settings(*BUCKETS), target="vertex", output=tmp_path / "pipeline.json")
    assert complaint(python, "job", tmp_path / "pipeline.json") == ""


def _field_of_the_spec(spec: dict[str, Any], _: dict[str, Any]) -> None:
    spec["shcemaVersion"] = "2.1.0"


def _field_of_a_task(spec: dict[str, Any], _: dict[str, Any]) -> None:
    spec["root"]["dag"]["tasks"]["Trainer"]["retires"] = {}


def _field_of_a_container(spec: dict[str, Any], _: dict[str, Any]) -> None:
    spec["deploymentSpec"]["executors"]["Trainer_executor"]["container"]["gpus"] = 1


def _value_of_another_type(spec: dict[str, Any], _: dict[str, Any]) -> None:
    spec["root"]["dag"]["tasks"]["Trainer"]["retryPolicy"]["maxRetryCount"] = "often"


def _field_of_a_pod(_: dict[str, Any], platform: dict[str, Any]) -> None:
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    executors["Trainer_executor"]["tolerance"] = []


# What kfp says of each.
FAULTS: dict[Callable[[dict[str, Any], dict[str, Any]], None], str] = {
    _field_of_the_spec: "shcemaVersion",
    _field_of_a_task: "retires",
    _field_of_a_container: "gpus",
    _value_of_another_type: "maxRetryCount",
    _field_of_a_pod: "tolerance",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.lstrip("_"))
def test_a_fault_is_found(
    python: Path, fault: Callable[[dict[str, Any], dict[str, Any]], None], tmp_path: Path
) -> None:
    file = tmp_path / "pipeline.yaml"
    targets.write(settings(SECRET, "data=corpus"), target="kubeflow-v2", output=file)
    spec, platform = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    fault(spec, platform)
    file.write_text(yaml.safe_dump_all([spec, platform]), encoding="utf-8")
    assert FAULTS[fault] in complaint(python, "spec", file)
