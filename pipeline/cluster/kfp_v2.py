"""Kubeflow Pipelines' API v2beta1: submit a pipeline spec, now or on a schedule, and follow a run.

Plain HTTP: the kfp client that TFX requires speaks v1beta1 alone.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.cluster.pipelines_api import ClusterError, Progress, health, refusal, send, until_ended

_VERSION = "v2beta1"


class Pipelines:
    """As the client of the older API: opened for one address and, where there are many users, one namespace.

    Raises:
        ClusterError: no answer, or one of another program.
    """

    def __init__(self, host: str, *, namespace: str) -> None:
        self._host = host.rstrip("/")
        self._namespace = namespace if health(self._host, _VERSION).get("multi_user") else ""

    def start(self, package: Path, *, name: str, experiment: str, service_account: str) -> str:
        """Run a compiled pipeline once; returns the run's id."""
        body = self._body(package, name=name, experiment=experiment, service_account=service_account)
        return str(self._send("POST", "runs", body)["run_id"])

    def schedule(self, package: Path, *, cron: str, name: str, experiment: str, service_account: str) -> str:
        """Run it on a schedule, never twice at a time; returns the schedule's id.

        Missed runs are not caught up on: a later run sees the same corpus.
        """
        body = {
            **self._body(package, name=name, experiment=experiment, service_account=service_account),
            "trigger": {"cron_schedule": {"cron": cron}},
            "max_concurrency": 1,
            "no_catchup": True,
            "mode": "ENABLE",
        }
        return str(self._send("POST", "recurringruns", body)["recurring_run_id"])

    def follow(self, run: str, *, seconds: float) -> Iterator[Progress]:
        """Yield a run's progress every `seconds`, until it has ended."""
        return until_ended(lambda: _progress(self._send("GET", f"runs/{run}")), seconds=seconds)

    def page(self, run: str) -> str:
        """The address of the run's page."""
        return f"{self._host}/#/runs/details/{run}"

    def _body(self, package: Path, *, name: str, experiment: str, service_account: str) -> dict[str, Any]:
        spec, *platform = yaml.safe_load_all(package.read_text(encoding="utf-8"))
        return {
            "display_name": name,
            "experiment_id": self._experiment(experiment),
            "service_account": service_account,
            "pipeline_spec": {"pipeline_spec": spec, "platform_spec": platform[0]} if platform else spec,
            # The server does not read the root of a spec, only that of a run.
            "runtime_config": {"pipeline_root": spec["defaultPipelineRoot"]},
        }

    def _experiment(self, name: str) -> str:
        predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
        query = {"filter": json.dumps({"predicates": [predicate]}), "namespace": self._namespace}
        found = self._send("GET", f"experiments?{urllib.parse.urlencode(query)}").get("experiments")
        if not found:
            body = {"display_name": name, "namespace": self._namespace}
            found = [self._send("POST", "experiments", body)]
        return str(found[0]["experiment_id"])

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = send(method, f"{self._host}/apis/{_VERSION}/{path}", body)
        except urllib.error.HTTPError as error:
            raise refusal(self._host, error.code, error.read(), error.reason) from error
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"{self._host}: expected an answer to {method} {path}, found {error}"
            ) from error
        return answer


def _progress(run: Mapping[str, Any]) -> Progress:
    """Of the nodes that the API lists, those of the spec's tasks: each has a driver and an executor beside it."""
    given = run.get("pipeline_spec", {})
    tasks = given.get("pipeline_spec", given).get("root", {}).get("dag", {}).get("tasks", {})
    nodes = [
        node for node in run.get("run_details", {}).get("task_details", []) if node["display_name"] in tasks
    ]
    nodes.sort(key=lambda node: (node.get("start_time") or "", node["display_name"]))
    return Progress(
        status=run.get("state", "").lower(),
        steps={node["display_name"]: node.get("state", "") for node in nodes},
        error=run.get("error", {}).get("message", ""),
    )
