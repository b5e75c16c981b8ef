"""`tagline cluster check`."""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.cli.console import output
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from kubernetes import client

    from pipeline.cluster.checks import Finding

_MARKS = {"ok": "[green]ok[/]     ", "missing": "[red]missing[/]", "unknown": "[yellow]unknown[/]"}


def check(settings: Settings, *, context: str | None, host: bool) -> None:
    """Tell what the cluster has and lacks; exit code 1 if something is missing."""
    warnings.simplefilter("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from rich.markup import escape

    from pipeline.cluster import checks

    console, missing = output(), 0
    found = checks.findings(settings, _api(context))
    for one in itertools.chain(found, _pipelines(settings) if host else ()):
        missing += one.state == "missing"
        console.print(
            f"{_MARKS[one.state]} {escape(one.what)}: expected {escape(one.expected)}; found {escape(one.found)}",
            soft_wrap=True,
        )
        if one.remedy and one.state != "ok":
            console.print(f"        {escape(one.remedy)}", soft_wrap=True)
    if missing:
        console.print(f"{missing} missing", soft_wrap=True)
        sys.exit(1)
    console.print("nothing is missing", soft_wrap=True)


def _api(context: str | None) -> client.ApiClient:
    from kubernetes import client, config

    try:
        try:
            config.load_kube_config(context=context)
        except config.ConfigException:
            if context:
                raise
            config.load_incluster_config()
    except config.ConfigException as error:
        raise SettingsError(
            "no cluster: expected a kubeconfig (KUBECONFIG, or ~/.kube/config) with the context "
            f"{context or 'in use'}; found {error}"
        ) from error
    settings = client.Configuration.get_default_copy()
    # Half a minute of silence tells no more than one refusal.
    settings.retries = 0
    return client.ApiClient(settings)


def _pipelines(settings: Settings) -> Iterator[Finding]:
    from pipeline.cluster.checks import Finding
    from pipeline.cluster.kfp_client import ClusterError, Pipelines

    what, expected = "Kubeflow Pipelines", f"{settings.kubeflow.host} answers"
    try:
        Pipelines(settings.kubeflow.host, namespace=settings.kubeflow.namespace)
    except ClusterError as error:
        told, _, remedy = str(error).partition("; ")
        found = told.partition("found ")[2]
        yield Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
        return
    yield Finding(what=what, state="ok", expected=expected, found="it answers")
