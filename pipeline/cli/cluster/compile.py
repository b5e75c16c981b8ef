"""`tagline compile`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Assignments, Config, Data, require_writable, settings_of
from pipeline.runners import targets
from pipeline.settings import SettingsError


def compile_(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    target: Annotated[
        str,
        typer.Option(
            help="kubeflow-v2: a pipeline spec 2.1 for Kubeflow, YAML or (without volumes) JSON; kubeflow: Argo YAML "
            "for its older API; vertex: a job for Vertex AI, JSON; tfjob, trainjob: the job of pods that the "
            "Trainer's step creates on kubeflow with trainer.workers of 2 or more."
        ),
    ] = "kubeflow-v2",
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
) -> None:
    """Compile the pipeline for a cluster."""
    if target not in targets.TARGETS:
        raise SettingsError(f"--target: found {target!r}; expected one of {', '.join(targets.TARGETS)}")
    settings = settings_of(config, data, assignments)
    require_writable("--output", output.parent)
    targets.write(settings, target=target, output=output)
    for line in targets.remarks(settings, target=target, output=output):
        print(f"note: {line}", file=sys.stderr)
    print(f"wrote {output} for {target}")
