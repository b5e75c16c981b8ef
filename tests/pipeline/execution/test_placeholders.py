"""Placeholders in a container's command."""

from __future__ import annotations

import json

import pytest

from pipeline.execution.placeholders import resolved
from pipeline.settings import SettingsError

INPUT = {
    "inputs": {
        "artifacts": {"m": {"artifacts": [{"uri": "/a/m", "metadata": {"found": 1.0, "who": "x"}}]}},
        "parameterValues": {
            "null": None,
            "s": "{{$}} 'q'",
            "n": 6.0,
            "f": 0.25,
            "e": 1e-7,
            "b": True,
            "l": [1, "a"],
        },
    },
    "outputs": {
        "artifacts": {"o": {"artifacts": [{"uri": "/a/o"}]}},
        "parameters": {"p": {"outputFile": "/a/p"}},
        "outputFile": "/a/out.json",
    },
}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("plain {x} $y", "plain {x} $y"),
        ("{{$.inputs.artifacts['m'].uri}}", "/a/m"),
        ("--m={{$.inputs.artifacts['m'].path}}/x", "--m=/a/m/x"),
        ("{{$.outputs.artifacts['o'].path}}", "/a/o"),
        ("{{$.outputs.parameters['p'].output_file}}", "/a/p"),
        ("{{$.inputs.parameters['n']}}-{{$.inputs.parameters['f']}}", "6-0.25"),
        ("{{$.inputs.parameters['e']}}", "0.0000001"),
        ("{{$.inputs.parameters['b']}}{{$.inputs.parameters['l']}}", 'true[1,"a"]'),
        # What was put in is not looked at again.
        ("{{$.inputs.parameters['s']}}", "{{$}} 'q'"),
    ],
)
def test_placeholders(word: str, expected: str) -> None:
    assert resolved(word, INPUT) == expected


def test_the_complete_input_is_json() -> None:
    assert json.loads(resolved("{{$}}", INPUT)) == INPUT


@pytest.mark.parametrize(
    "word",
    [
        "{{$.inputs.parameters['gone']}}", "{{$.outputs.artifacts['gone'].uri}}", "{{$.inputs.parameters['null']}}",
        # Vertex knows these, Kubeflow's launcher does not.
        "{{$.job_name}}", "{{$.pipeline_job_uuid}}", "{{$.inputs.artifacts['m'].metadata['who']}}",
        "{{$.inputs.artifacts['m']}}", "{{$.inputs.parameters['n'].path}}", "{{$.outputs.parameters['p']}}",
    ],
)  # fmt: skip
def test_unknown_placeholders_are_refused(word: str) -> None:
    with pytest.raises(SettingsError, match="found the placeholder"):
        resolved(word, INPUT)
