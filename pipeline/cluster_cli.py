"""`tagline cluster ...`, declared; what it takes to answer is imported inside."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.options import Assignments, Config, settings_of

app = typer.Typer(help="The cluster that `tagline submit` goes to.", no_args_is_help=True)


@app.callback()
def _cluster() -> None:
    """The cluster that `tagline submit` goes to."""


@app.command()
def check(
    context: Annotated[
        str | None,
        typer.Option(help="Of the kubeconfig; without it the one in use, or this pod's own cluster."),
    ] = None,
    host: Annotated[bool, typer.Option("--host/--no-host", help="Ask Kubeflow Pipelines' API too.")] = True,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """What the cluster lacks for these settings. Exit code 1 if something is missing."""
    from pipeline.commands.cluster import check

    check(settings_of(config, None, assignments), context=context, host=host)
