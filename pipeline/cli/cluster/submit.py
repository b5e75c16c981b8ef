"""`tagline submit`."""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline.cli.cluster.compile import write
from pipeline.cli.console import output
from pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pipeline.cluster.kfp_client import Pipelines


def submit(
    settings: Settings,
    *,
    host: str | None,
    namespace: str | None,
    experiment: str | None,
    cron: str | None,
    wait: bool,
    poll_seconds: float,
) -> None:
    """Compile for Kubeflow and hand the workflow over; exit code 1 for a run that failed, or no cluster."""
    if cron and wait:
        raise SettingsError("--cron and --wait: a schedule does not end; take one of them out")
    if not settings.data:
        raise SettingsError(
            "data: not set; give the corpus's place on the cluster by --data DIR, or set data:"
        )
    warnings.simplefilter("ignore")
    from pipeline.cluster import kfp_client

    try:
        schedule = kfp_client.six_fields(cron) if cron else None
    except ValueError as error:
        raise SettingsError(str(error)) from error
    given = {"host": host, "namespace": namespace, "experiment": experiment}
    cluster = msgspec.structs.replace(
        settings.kubeflow, **{key: value for key, value in given.items() if value is not None}
    )
    settings = msgspec.structs.replace(settings, kubeflow=cluster)
    console = output()
    common = {
        "name": settings.name,
        "experiment": cluster.experiment,
        "service_account": cluster.service_account,
    }
    try:
        # Asked before the seconds that compiling takes.
        pipelines = kfp_client.Pipelines(cluster.host, namespace=cluster.namespace)
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "workflow.yaml")
            write(settings, target="kubeflow", output=package)
            if schedule:
                job = pipelines.schedule(package, cron=schedule, **common)
                console.print(
                    f"scheduled {settings.name} at {schedule}: job {job}", markup=False, soft_wrap=True
                )
                return
            run = pipelines.start(package, **common)
        console.print(f"started {settings.name}: run {run}", markup=False, soft_wrap=True)
        console.print(pipelines.page(run), markup=False, soft_wrap=True)
        if wait:
            sys.exit(0 if _followed(pipelines, run, poll_seconds) else 1)
    except kfp_client.ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _followed(pipelines: Pipelines, run: str, poll_seconds: float) -> bool:
    """Tell each change of a step; whether the run succeeded."""
    console, told = output(), dict[str, str]()
    for progress in pipelines.follow(run, seconds=poll_seconds):
        for step, phase in progress.steps.items():
            if told.get(step) != phase:
                told[step] = phase
                console.print(f"  {step}: {phase.lower()}", markup=False, soft_wrap=True)
    console.print(f"run {run}: {progress.status}", markup=False, soft_wrap=True)
    if not progress.succeeded and progress.error:
        console.print(progress.error, markup=False, soft_wrap=True)
    return progress.succeeded
