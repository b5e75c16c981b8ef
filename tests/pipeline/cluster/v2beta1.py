"""Answers of Kubeflow Pipelines' API v2beta1, and what of a request it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from tests.pipeline.cluster.rest_api import Api

BASE = "/apis/v2beta1"
SCHEMA = json.loads(Path(__file__).with_name("v2beta1_schema.json").read_text(encoding="utf-8"))
TASKS: dict[str, Any] = {"CorpusGen": {}, "Trainer": {}, "CorpusGate": {}}
SPEC = {
    "pipelineInfo": {"name": "sample"},
    "schemaVersion": "2.1.0",
    "root": {"dag": {"tasks": TASKS}},
    "defaultPipelineRoot": "s3://b/runs",
}
PLATFORM: dict[str, Any] = {"platforms": {"kubernetes": {}}}


def run(state: str | None, *nodes: tuple[str, str], error: str = "") -> dict[str, Any]:
    """A run as the API returns it: of each task a driver, a node of its own, and the executor within."""
    given = [("root-driver", "SUCCEEDED"), ("root", "RUNNING")]
    for name, phase in nodes:
        given += [(f"{name}-driver", "SUCCEEDED"), (name, phase), ("executor", phase)]
    details = [
        {"display_name": name, "state": phase, "start_time": f"2026-01-01T00:00:{second:02}Z"}
        for second, (name, phase) in enumerate(given)
    ]
    return {
        "run_id": "r1",
        "pipeline_spec": {"pipeline_spec": SPEC, "platform_spec": PLATFORM},
        # The server lists nodes by their ids.
        "run_details": {"task_details": details[::-1]},
        **({"state": state} if state else {}),
        **({"error": {"code": 13, "message": error}} if error else {}),
    }


def answers() -> dict[str, Any]:
    """Of a server on which one run succeeds."""
    return {
        f"GET {BASE}/healthz": {"multi_user": False, "pipeline_store": "database"},
        f"GET {BASE}/experiments": {},
        f"POST {BASE}/experiments": {"experiment_id": "e1", "display_name": "trials"},
        f"POST {BASE}/runs": {"run_id": "r1"},
        f"POST {BASE}/recurringruns": {"recurring_run_id": "j1"},
        f"GET {BASE}/runs/r1": [
            run(None),
            run("RUNNING", ("CorpusGen", "SUCCEEDED"), ("Trainer", "RUNNING")),
            run("SUCCEEDED", ("CorpusGen", "SUCCEEDED"), ("Trainer", "SUCCEEDED")),
        ],
    }


def taken(api: Api, kind: str) -> list[Any]:
    """The bodies that were posted, each as the API takes it."""
    bodies = api.bodies(f"POST {BASE}/{kind}")
    for body in bodies:
        jsonschema.validate(body, {**SCHEMA, "$ref": f"#/definitions/{kind}"})
    return bodies
