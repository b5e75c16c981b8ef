"""Kubeflow Pipelines' API, by its own client: submit a workflow, now or on a schedule, and follow a run."""

from __future__ import annotations

import json
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kfp

# The only place for a token: settings and arguments are visible to many.
TOKEN = "TAGLINE_KFP_TOKEN"
_ENDED = ("succeeded", "failed", "skipped", "error", "terminated")
_ANSWER_SECONDS = 10
_ATTEMPT = re.compile(r"\(\d+\)$")


class ClusterError(RuntimeError):
    """A request that the cluster refused or did not answer; names what was expected and found, and a remedy."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state of a run, from the API.

    Attributes:
        status: of the run, in small letters; empty before it is known.
        steps: phase of the last attempt of each component that has started, by name, in the order of their starts.
        error: why it failed, where the API gives a reason.
    """

    status: str
    steps: dict[str, str]
    error: str = ""

    @property
    def ended(self) -> bool:
        """Whether the run is over, well or not."""
        return self.status in _ENDED

    @property
    def succeeded(self) -> bool:
        """Whether it finished without a failure; a gate may have refused the model nevertheless."""
        return self.status == "succeeded"


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
        health = _health(self._host)
        # Checked first: the client repeats failing requests for half a minute, with a traceback each.
        self._client = kfp.Client(host=self._host, namespace=namespace, existing_token=os.environ.get(TOKEN))
        self._namespace = namespace if health.get("multi_user") else None
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
        while True:
            progress = _progress(self._call(lambda: self._client.get_run(run)))
            yield progress
            if progress.ended:
                return
            time.sleep(seconds)

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
            raise ClusterError(
                f"{self._host}: expected the request to be taken, found {error.status} {_reason(error)}; "
                "`tagline cluster check` shows what is missing"
            ) from error


def six_fields(cron: str) -> str:
    """Convert a schedule to Kubeflow's six fields, which begin with the second: of five fields, at second 0.

    Raises:
        ValueError: another number of fields.
    """
    fields = cron.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise ValueError(
            f"--cron: found {cron!r}; expected five fields (minute hour day month weekday), such as '0 3 * * 1', or "
            "six with the second in front"
        )
    return " ".join(fields)


def _health(host: str) -> dict[str, Any]:
    url = f"{host}/apis/v1beta1/healthz"
    request = urllib.request.Request(url)
    if token := os.environ.get(TOKEN):
        request.add_header("Authorization", f"Bearer {token}")
    remedy = "set kubeflow.host, or `kubectl port-forward --namespace kubeflow svc/ml-pipeline 8888` in another shell"
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            health = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            remedy = f"put a token into the environment variable {TOKEN}"
        raise ClusterError(
            f"{url}: expected Kubeflow Pipelines' API, found HTTP {error.code}; {remedy}"
        ) from error
    except (OSError, ValueError) as error:
        raise ClusterError(f"{url}: expected Kubeflow Pipelines' API, found {error}; {remedy}") from error
    return health if isinstance(health, dict) else {}


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


def _reason(error: Any) -> str:
    try:
        body = json.loads(error.body)
        return str(body.get("error_message") or body.get("error") or error.reason)
    except (TypeError, ValueError, AttributeError):
        return str(error.reason)
