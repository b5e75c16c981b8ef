"""The workflow is one that Argo itself takes, of the versions that Kubeflow Pipelines checks an upload with."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.runners import kubeflow
from pipeline.settings import load
from tests.engines.conftest import Met
from tests.engines.kubernetes.go_programs import built
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import SECRET, settings

HERE = Path(__file__).parent
# Argo's version, by the folder of the program that calls it.
VERSIONS = {
    "argo_3.5": "3.5.14, of Kubeflow Pipelines 2.5.0",
    "argo_4.0": "4.0.5, of Kubeflow Pipelines 2.17.0",
}
WORKFLOWS: dict[str, Callable[[], dict[str, Any]]] = {
    "everything a step can be given": compiled.argo,
    "nothing set": lambda: kubeflow.workflow(load(assignments=["data=corpus"])),
    "several workers": lambda: kubeflow.workflow(settings(SECRET, "trainer.workers=3")),
}

pytestmark = pytest.mark.timeout(1200)  # the first test builds a program


@pytest.fixture(params=VERSIONS)
def argo(request: pytest.FixtureRequest, met: Met) -> Path:
    """The program that says what one version of Argo finds."""
    program = built(HERE / request.param)
    met("Argo", VERSIONS[request.param])
    return program


def complaint(argo: Path, workflow: dict[str, Any], folder: Path) -> str:
    """What Argo says against a workflow; empty if it takes it."""
    file = folder / "workflow.yaml"
    file.write_text(yaml.safe_dump(workflow), encoding="utf-8")
    done = subprocess.run([argo, file], capture_output=True, text=True, check=False)
    assert bool(done.stderr) == bool(done.returncode), done
    return done.stderr


@pytest.mark.parametrize("name", WORKFLOWS)
def test_argo_takes_the_workflow(argo: Path, name: str, tmp_path: Path) -> None:
    assert complaint(argo, WORKFLOWS[name](), tmp_path) == ""


def _unknown_field(workflow: dict[str, Any]) -> None:
    workflow["spec"]["entrypiont"] = workflow["spec"].pop("entrypoint")


def _unknown_entry_point(workflow: dict[str, Any]) -> None:
    workflow["spec"]["entrypoint"] = "elsewhere"


def _unknown_template(workflow: dict[str, Any]) -> None:
    _tasks(workflow)[0]["template"] = "elsewhere"


def _unknown_dependency(workflow: dict[str, Any]) -> None:
    _tasks(workflow)[-1]["dependencies"] = ["elsewhere"]


def _circle(workflow: dict[str, Any]) -> None:
    first = next(task for task in _tasks(workflow) if not task.get("dependencies"))
    second = next(task for task in _tasks(workflow) if first["name"] in task.get("dependencies", []))
    first["dependencies"] = [second["name"]]


def _unknown_parameter(workflow: dict[str, Any]) -> None:
    template = next(one for one in workflow["spec"]["templates"] if "container" in one)
    template["container"]["args"].append("{{inputs.parameters.elsewhere}}")


def _quantity(workflow: dict[str, Any]) -> None:
    template = next(one for one in workflow["spec"]["templates"] if one["name"] == "trainer")
    template["container"]["resources"]["limits"]["memory"] = "16 GB"


def _tasks(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    (dag,) = [template["dag"] for template in workflow["spec"]["templates"] if "dag" in template]
    tasks: list[dict[str, Any]] = dag["tasks"]
    return tasks


# What Argo says of each.
FAULTS = {
    _unknown_field: 'unknown field "entrypiont"',
    _unknown_entry_point: "elsewhere",
    _unknown_template: "elsewhere",
    _unknown_dependency: "elsewhere",
    _circle: "cycle",
    _unknown_parameter: "elsewhere",
    _quantity: "quantities must match",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.lstrip("_"))
def test_a_fault_is_found(argo: Path, fault: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    workflow = copy.deepcopy(compiled.argo())
    fault(workflow)
    assert FAULTS[fault] in complaint(argo, workflow, tmp_path)
