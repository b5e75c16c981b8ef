"""The commands for clusters and `tagline cluster ...`, declared; what it takes to answer is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Assignments, Config, Data, settings_of

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
    from pipeline.cli.cluster.check import check

    check(settings_of(config, None, assignments), context=context, host=host)


def compile_(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    target: Annotated[
        str,
        typer.Option(
            help="kubeflow: Argo YAML, which open-source Kubeflow takes; kubeflow-v2: a pipeline spec 2.1, JSON or "
            "(by the file's name) YAML; vertex: the same for Vertex AI; tfjob: what the Trainer's step on "
            "kubeflow asks the training operator for with trainer.workers of 2 or more."
        ),
    ] = "kubeflow",
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile the pipeline for a cluster."""
    from pipeline.cli.cluster.compile import compile_pipeline

    compile_pipeline(settings_of(config, data, assignments), target=target, output=output)


def execute(
    spec: Annotated[Path, typer.Option(help="What `compile --target kubeflow-v2` wrote.")],
    work: Annotated[
        Path | None,
        typer.Option(help="Logs, and what is done so far; build/execute/<pipeline> without it."),
    ] = None,
    mount: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=DIR", help="A folder of this machine for a volume, or a bucket, of the cluster."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Steps side by side.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run in the same --work.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the copy of the code that steps import.")
    ] = False,
) -> None:
    """Run a compiled pipeline without a cluster: each step a process, with the command its container would have.

    A step sees the environment that the spec sets, and a read-only copy of the code; --mount /tagline=DIR puts
    DIR for /tagline wherever a parameter or an argument names a path below it.

    The same command again goes on after the last finished step. Exit code 3 if a gate refuses the model.
    """
    from pipeline.cli.cluster.execute import execute

    execute(spec=spec, work=work, mounts=mount or [], jobs=jobs, fresh=fresh, keep=keep)


def submit(
    host: Annotated[
        str | None, typer.Option(help="Kubeflow Pipelines' API; kubeflow.host without it.")
    ] = None,
    namespace: Annotated[str | None, typer.Option(help="Of the run; kubeflow.namespace without it.")] = None,
    experiment: Annotated[
        str | None, typer.Option(help="That the run is listed under; kubeflow.experiment without it.")
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(help="Run on a schedule: minute hour day month weekday, such as '0 3 * * 1'."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show the steps until the run has ended.")] = False,
    poll: Annotated[float, typer.Option(min=0.1, help="With --wait: seconds between two looks.")] = 10.0,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile for Kubeflow and run it there. Exit code 1 if it fails, or no cluster answers."""
    from pipeline.cli.cluster.submit import submit

    submit(
        settings_of(config, data, assignments),
        host=host,
        namespace=namespace,
        experiment=experiment,
        cron=cron,
        wait=wait,
        poll_seconds=poll,
    )
