"""What both of Kubeflow Pipelines' APIs have in common: requests, their errors, a run's progress, schedules."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# The only place for a token: settings and arguments are visible to many.
TOKEN = "TAGLINE_KFP_TOKEN"
_ENDED = ("succeeded", "failed", "skipped", "error", "terminated", "canceled")
_ANSWER_SECONDS = 10


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


def until_ended(ask: Callable[[], Progress], *, seconds: float) -> Iterator[Progress]:
    """Yield a run's progress every `seconds`, until it has ended."""
    while True:
        progress = ask()
        yield progress
        if progress.ended:
            return
        time.sleep(seconds)


def health(host: str, version: str) -> dict[str, Any]:
    """Require that one version of the API answers; whether it serves many users.

    Raises:
        ClusterError: no answer, or one of another program.
    """
    url = f"{host}/apis/{version}/healthz"
    remedy = "set kubeflow.host, or `kubectl port-forward --namespace kubeflow svc/ml-pipeline 8888` in another shell"
    try:
        answer = send("GET", url)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            remedy = f"put a token into the environment variable {TOKEN}"
        raise ClusterError(
            f"{url}: expected Kubeflow Pipelines' API, found HTTP {error.code}; {remedy}"
        ) from error
    except (OSError, ValueError) as error:
        raise ClusterError(f"{url}: expected Kubeflow Pipelines' API, found {error}; {remedy}") from error
    return answer if isinstance(answer, dict) else {}


def send(method: str, url: str, body: Any = None) -> Any:
    """Send one request, with the token if there is one; the answer's JSON.

    Raises:
        OSError, ValueError: as urllib, no answer, a refusal, or an answer that is no JSON.
    """
    request = urllib.request.Request(url, method=method)
    if token := os.environ.get(TOKEN):
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
        return json.loads(answer.read())


def refusal(host: str, status: object, body: Any, reason: object) -> ClusterError:
    """The error for a request that was refused, in the API's own words where its body has some."""
    try:
        told = json.loads(body)
        reason = told.get("error_message") or told.get("message") or told.get("error") or reason
    except (TypeError, ValueError, AttributeError):
        pass
    return ClusterError(
        f"{host}: expected the request to be taken, found {status} {reason}; `tagline cluster check` shows what is "
        "missing"
    )


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
