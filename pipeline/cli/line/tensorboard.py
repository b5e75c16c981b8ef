"""`tagline tensorboard`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pipeline.cli.console import errors
from pipeline.cli.options import Assignments, Config, settings_of
from pipeline.settings import SettingsError

# Where TFX's Trainer keeps the other files of a training, in a folder for each.
_TRAININGS = ("artifacts", "Trainer", "model_run")


def tensorboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 6006,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "localhost",
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show the curves of all trainings in TensorBoard, until interrupted."""
    settings = settings_of(config, None, assignments)
    folder = settings.run_dir.joinpath(*_TRAININGS).absolute()
    if not any(folder.rglob("events.out.tfevents.*")):
        raise SettingsError(
            f"{folder}: no training has written its curves there; `tagline run` of the same settings trains one"
        )
    errors().print(
        f"the trainings of {settings.name}, named by the numbers of their artifacts; Ctrl-C ends it",
        soft_wrap=True,
        markup=False,
    )
    sys.stderr.flush()
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    options = [f"--logdir={folder}", f"--port={port}", f"--host={host}"]
    # This process becomes TensorBoard's.
    os.execve(sys.executable, [sys.executable, "-m", "tensorboard.main", *options], environment)
