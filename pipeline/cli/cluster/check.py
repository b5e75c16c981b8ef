"""`tagline cluster check`."""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipeline.cli.console import output
from pipeline.cli.exit_codes import BROKEN
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.cluster.clients import DEFAULT, TARGETS, client_of
from pipeline.cluster.pipelines_api import ClusterError
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from kubernetes import client

    from pipeline.cluster.checks import Finding
    from pipeline.cluster.clients import Pipelines

_MARKS = {"ok": "[green]ok[/]     ", "missing": "[red]missing[/]", "unknown": "[yellow]unknown[/]"}


def check(
    context: Annotated[
        str | None,
        typer.Option(help="Context of the kubeconfig; default: the current one, or this pod's own cluster."),
    ] = None,
    host: Annotated[bool, typer.Option("--host/--no-host", help="Check Kubeflow Pipelines' API too.")] = True,
    target: Annotated[str, typer.Option(help=f"What is submitted: {' or '.join(TARGETS)}.")] = DEFAULT,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Check what these settings need on the cluster. Exit code 1 if something is missing."""
    warnings.simplefilter("ignore")
    pipelines = client_of(target)
    settings = settings_of(config, None, assignments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Seconds: the Kubernetes client.
    from pipeline.cluster import checks

    console, missing = output(), 0
    findings = checks.findings(settings, _api(context), target=target)
    for finding in itertools.chain(findings, _pipelines(settings, pipelines) if host else ()):
        missing += finding.state == "missing"
        console.print(
            f"{_MARKS[finding.state]} {escape(finding.what)}: expected {escape(finding.expected)}; "
            f"found {escape(finding.found)}",
            soft_wrap=True,
        )
        if finding.remedy and finding.state != "ok":
            console.print(f"        {escape(finding.remedy)}", soft_wrap=True)
    if missing:
        console.print(f"{missing} missing", soft_wrap=True)
        sys.exit(BROKEN)
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
    # The default retries for half a minute before it reports the first refusal.
    settings.retries = 0
    return client.ApiClient(settings)


def _pipelines(settings: Settings, pipelines: type[Pipelines]) -> Iterator[Finding]:
    from pipeline.cluster.checks import Finding

    what, expected = "Kubeflow Pipelines", f"{settings.kubeflow.host} answers"
    try:
        pipelines(settings.kubeflow.host, namespace=settings.kubeflow.namespace)
    except ClusterError as error:
        reason, _, remedy = str(error).partition("; ")
        found = reason.partition("found ")[2]
        yield Finding(what=what, state="missing", expected=expected, found=found, remedy=remedy)
        return
    yield Finding(what=what, state="ok", expected=expected, found="it answers")
