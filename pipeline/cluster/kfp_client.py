"""Kubeflow Pipelines' API v1beta1, by its own client: submit a workflow, now or on a schedule, and follow a run."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kfp

from pipeline.cluster.pipelines_api import TOKEN, Progress, health, refusal, until_ended

_VERSION = "v1beta1"
_ATTEMPT = re.compile(r"\(\d+\)$")


class Pipelines:
    """A client of one API, which checks when it is opened that the API answers.

    Args:
        host: such as http://localhost:8888.
        namespace: of the runs; not sent to an API of a single user, which has none.

    Raises:
        ClusterError: no answer, or one of another program.
    """

    def __init__(self, host: str, *, namespace: str) -> None:
        self._host = host.rstrip("/")
        multi_user = health(self._host, _VERSION).get("multi_user")
        # Checked first: the client repeats failing requests for half a minute, with a traceback each.
        self._client = kfp.Client(host=self._host, namespace=namespace, existing_token=os.environ.get(TOKEN))
        self._namespace = namespace if multi_user else None
        # Otherwise the client takes the namespace that an earlier user has left in its context file.
        self._client._context_setting["namespace"] = self._namespace or ""
        logging.getLogger().setLevel(logging.WARNING)

    def start(self, package: Path, *, name: str, experiment: str, service_account: str) -> str:
        """Run a compiled workflow once; returns the run's id."""
        run = self._call(
            lambda: self._client.run_pipeline(
                self._experiment(experiment), name, str(package), service_account=service_account
            )
        )
        return str(run.id)

    def schedule(self, package: Path, *, cron: str, name: str, experiment: str, service_account: str) -> str:
        """Run it on a schedule, never twice at a time; returns the schedule's id.

        Missed runs are not caught up on: a later run sees the same corpus.
        """
        job = self._call(
            lambda: self._client.create_recurring_run(
                self._experiment(experiment),
                name,
                cron_expression=cron,
                max_concurrency=1,
                no_catchup=True,
                pipeline_package_path=str(package),
                service_account=service_account,
            )
        )
        return str(job.id)

    def follow(self, run: str, *, seconds: float) -> Iterator[Progress]:
        """Yield a run's progress every `seconds`, until it has ended."""
        return until_ended(lambda: _progress(self._call(lambda: self._client.get_run(run))), seconds=seconds)

    def page(self, run: str) -> str:
        """The address of the run's page."""
        return f"{self._host}/#/runs/details/{run}"

    def _experiment(self, name: str) -> str:
        return str(self._client.create_experiment(name, namespace=self._namespace).id)

    def _call(self, request: Any) -> Any:
        import kfp_server_api

        try:
            return request()
        except kfp_server_api.ApiException as error:
            raise refusal(self._host, error.status, error.body, error.reason) from error


def _progress(answer: Any) -> Progress:
    manifest = json.loads((answer.pipeline_runtime and answer.pipeline_runtime.workflow_manifest) or "{}")
    nodes = [
        node for node in manifest.get("status", {}).get("nodes", {}).values() if node.get("type") == "Pod"
    ]
    nodes.sort(key=lambda node: (node.get("startedAt") or "", node.get("displayName", "")))
    # Each attempt of a step with retries is a pod, `trainer(0)`; the last one has the state of the step.
    steps = {_ATTEMPT.sub("", node["displayName"]): node for node in nodes}
    return Progress(
        status=(answer.run.status or "").rstrip(":").lower(),
        steps={name: node.get("phase", "") for name, node in steps.items()},
        error=answer.run.error
        or "; ".join(f"{name}: {node['message']}" for name, node in steps.items() if node.get("message")),
    )
