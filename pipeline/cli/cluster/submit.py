"""`tagline submit`."""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pipeline.cli.console import output
from pipeline.cli.exit_codes import BROKEN, OK
from pipeline.cli.options import Assignments, Config, Data, settings_of
from pipeline.cluster.clients import DEFAULT, client_of
from pipeline.cluster.pipelines_api import ClusterError, six_fields
from pipeline.runners import targets
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pipeline.cluster.clients import Pipelines


def submit(
    target: Annotated[
        str,
        typer.Option(help="kubeflow-v2: a pipeline spec, by API v2beta1; kubeflow: Argo YAML, by v1beta1."),
    ] = DEFAULT,
    host: Annotated[str | None, typer.Option(help="Kubeflow Pipelines' API; default: kubeflow.host.")] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Namespace of the run; default: kubeflow.namespace.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option(help="Experiment of the run; default: kubeflow.experiment.")
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(help="Run on a schedule: minute hour day month weekday, such as '0 3 * * 1'."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show the steps until the run has ended.")] = False,
    poll: Annotated[float, typer.Option(min=0.1, help="With --wait: seconds between two requests.")] = 10.0,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile for Kubeflow and run it there. Exit code 1 if it fails, or no cluster answers."""
    settings = settings_of(config, data, assignments)
    options = {"host": host, "namespace": namespace, "experiment": experiment}
    cluster = msgspec.structs.replace(
        settings.kubeflow, **{key: value for key, value in options.items() if value is not None}
    )
    settings = msgspec.structs.replace(settings, kubeflow=cluster)
    if cron and wait:
        raise SettingsError("--cron and --wait: a schedule does not end; take one of them out")
    targets.require_data(settings)
    try:
        schedule = six_fields(cron) if cron else None
    except ValueError as error:
        raise SettingsError(str(error)) from error
    warnings.simplefilter("ignore")
    client = client_of(target)
    try:
        # Before the seconds that compiling takes.
        pipelines = client(cluster.host, namespace=cluster.namespace)
        run = _start(settings, pipelines, schedule, target)
        if run and wait:
            sys.exit(OK if _follow(pipelines, run, poll) else BROKEN)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BROKEN)


def _start(settings: Settings, pipelines: Pipelines, schedule: str | None, target: str) -> str | None:
    """Compile the pipeline and start or schedule it; returns the run's id, None for a schedule."""
    cluster, console = settings.kubeflow, output()
    common = {
        "name": settings.name,
        "experiment": cluster.experiment,
        "service_account": cluster.service_account,
    }
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "pipeline.yaml")
        targets.write(settings, target=target, output=package)
        for line in targets.remarks(settings, target=target, output=package):
            print(f"note: {line}", file=sys.stderr)
        if schedule:
            job = pipelines.schedule(package, cron=schedule, **common)
            console.print(f"scheduled {settings.name} at {schedule}: job {job}", markup=False, soft_wrap=True)
            return None
        run = pipelines.start(package, **common)
    console.print(f"started {settings.name}: run {run}", markup=False, soft_wrap=True)
    console.print(pipelines.page(run), markup=False, soft_wrap=True)
    return run


def _follow(pipelines: Pipelines, run: str, poll_seconds: float) -> bool:
    """Print each change of a step until the run has ended; whether it succeeded."""
    console, phases = output(), dict[str, str]()
    for progress in pipelines.follow(run, seconds=poll_seconds):
        for step, phase in progress.steps.items():
            if phases.get(step) != phase:
                phases[step] = phase
                console.print(f"  {step}: {phase.lower()}", markup=False, soft_wrap=True)
    console.print(f"run {run}: {progress.status}", markup=False, soft_wrap=True)
    if not progress.succeeded and progress.error:
        console.print(progress.error, markup=False, soft_wrap=True)
    return progress.succeeded
