"""A spec read into steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.execution.graph import Output, Retry, graph_of, read
from pipeline.execution.parameters import RUN_ID, OfRun
from pipeline.settings import SettingsError
from tests.pipeline.execution.shell_specs import spec, task


@given(st.permutations(range(7)), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_every_step_comes_after_what_it_needs(order: list[int], pairs: set[tuple[int, int]]) -> None:
    """Whatever the order in the file; edges go from smaller to larger, so that there is no circle."""
    needs = {number: {a for a, b in pairs if a < b == number} for number in range(7)}
    tasks = {f"s{n}": task("true", after=tuple(f"s{a}" for a in sorted(needs[n]))) for n in order}
    names = [step.name for step in graph_of(spec(**tasks)).steps]
    assert sorted(names) == sorted(tasks)
    for number, before in needs.items():
        assert all(names.index(f"s{one}") < names.index(f"s{number}") for one in before)


def test_a_step_comes_after_the_producers_of_its_inputs() -> None:
    job = spec(
        last=task(
            "true", takes={"model": ("first", "made")}, parameters={"n": ("second", "count"), "m": 6.0}
        ),
        second=task("true", returns=("count",)),
        first=task("true", makes=("made",)),
    )
    last = graph_of(job).steps[-1]
    assert (last.name, last.after) == ("last", {"first", "second"})
    assert last.artifacts == {"model": Output("first", "made")}
    assert last.parameters == {"n": Output("second", "count"), "m": 6.0}


def test_parameters_of_the_pipeline_and_defaults() -> None:
    job = spec(a=task("true"))
    inputs = job["pipelineSpec"]["root"]["dag"]["tasks"]["a"]["inputs"]["parameters"]
    inputs |= {"x": {"componentInputParameter": "given"}, "y": {"componentInputParameter": "default"}}
    job["pipelineSpec"]["root"]["inputDefinitions"] = {
        "parameters": {"given": {"defaultValue": "d"}, "default": {"defaultValue": "e"}}
    }
    job["pipelineSpec"]["components"]["comp-a"]["inputDefinitions"] = {
        "parameters": {
            "z": {"defaultValue": 3.0, "parameterType": "NUMBER_DOUBLE"},
            "x": {"parameterType": "STRING"},
            "missing": {"isOptional": True},
        }
    }
    job["runtimeConfig"]["parameterValues"] = {"given": "g"}
    step = graph_of(job).steps[0]
    assert step.parameters == {"x": "g", "y": "e", "z": 3.0}
    assert step.types == {"x": "STRING", "z": "NUMBER_DOUBLE"}


def test_a_constant_of_the_run_and_a_part_of_a_value() -> None:
    job = spec(a=task("true", parameters={"run": RUN_ID, "part": "{}"}))
    inputs = job["pipelineSpec"]["root"]["dag"]["tasks"]["a"]["inputs"]["parameters"]
    inputs["part"]["parameterExpressionSelector"] = "string_value"
    step = graph_of(job).steps[0]
    assert step.parameters == {"run": OfRun(RUN_ID), "part": "{}"}
    assert step.selectors == {"part": "string_value"}


def test_a_policy_of_retries() -> None:
    policy = {
        "maxRetryCount": 3,
        "backoffDuration": "30s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": "100s",
    }
    retry = graph_of(spec(a=task("true", retryPolicy=policy))).steps[0].retry
    assert retry == Retry(count=3, backoff=30.0, factor=2.0, longest=100.0)
    assert [retry.pause(failures) for failures in (1, 2, 3)] == [30.0, 60.0, 100.0]
    assert graph_of(spec(a=task("true"))).steps[0].retry.count == 0


def test_json_and_yaml_are_the_same_graph(tmp_path: Path) -> None:
    job = spec(env={"A": "/v/1"}, a=task("cat /v/x", "{{$}}"), b=task("true", after=("a",)))
    (tmp_path / "job.json").write_text(json.dumps(job))
    platform = {"platforms": {"kubernetes": {}}}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump_all([job["pipelineSpec"], platform]))
    graphs = [
        read(tmp_path / name, translate=lambda text: text.replace("/v", "/w"))
        for name in ("job.json", "spec.yaml")
    ]
    assert graphs[0] == graphs[1]
    assert graphs[0].steps[0].words == ("sh", "-euc", "cat /w/x", "{{$}}")
    assert graphs[0].steps[0].env == {"A": "/w/1"}


def _without_a_value() -> dict[str, Any]:
    job = spec(a=task("true"))
    job["pipelineSpec"]["components"]["comp-a"]["inputDefinitions"] = {
        "parameters": {"n": {"parameterType": "STRING"}}
    }
    return job


def _without_its_container() -> dict[str, Any]:
    job = spec(a=task("true"))
    job["pipelineSpec"]["deploymentSpec"]["executors"]["exec-a"] = {"importer": {}}
    return job


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({}, "found no steps"),
        ([], "found no steps"),
        (spec(a=task("true", after=("b",)), b=task("true", after=("a",))), "wait for each other"),
        (spec(a=task("true", after=("gone",))), "a: found a need of gone"),
        (spec(a=task("true"), b=task("true", takes={"x": ("a", "y")})), "b: found a need of y of a"),
        (spec(a=task("true", artifactIterator={})), "a: found artifactIterator"),
        (_without_a_value(), "a.n: found no value; expected one, or a default"),
        (_without_its_container(), "a: found importer; expected a container"),
        (spec(a=task("true", retryPolicy={"backoffDuration": "soon"})), "found the duration 'soon'"),
    ],
)  # fmt: skip
def test_unsupported_specs_are_refused(job: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        graph_of(job)


def test_a_file_that_is_no_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"found no .*gone\.json; expected a file written by"):
        read(tmp_path / "gone.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(SettingsError, match="no JSON or YAML"):
        read(tmp_path / "bad.json")
